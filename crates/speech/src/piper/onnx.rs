//! Reading a network from an ONNX file: its operators and weights, as far as we compute them ourselves.
//!
//! What belongs here: the wire format (Protocol Buffers, the messages of `onnx.proto3` of ONNX 1.x) and its ceilings. What the
//! operators mean is in `layout`. Nothing is copied but what is asked for; a length that does not fit its message is an error.

use std::collections::HashMap;

use crate::SpeechError;

/// Operators that are taken at the most; a voice of medium quality has 2 755.
const MOST_NODES: usize = 20_000;

/// Tensors that are taken at the most; a voice of medium quality has 401.
const MOST_TENSORS: usize = 20_000;

/// A network as its file describes it.
pub(super) struct Graph<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    tensors: HashMap<&'a str, Tensor<'a>>,
    /// Names of what goes in, weights not counted.
    pub(super) inputs: Vec<&'a str>,
}

/// One operator.
#[derive(Debug, Default, Clone)]
pub(super) struct Node<'a> {
    pub(super) name: &'a str,
    pub(super) operator: &'a str,
    pub(super) inputs: Vec<&'a str>,
    pub(super) outputs: Vec<&'a str>,
    integers: Vec<(&'a str, Vec<i64>)>,
    floats: Vec<(&'a str, f32)>,
}

/// Weights, where they lie in the file.
#[derive(Debug, Default, Clone)]
struct Tensor<'a> {
    dims: Vec<u64>,
    kind: u64,
    raw: Option<&'a [u8]>,
    floats: Option<&'a [u8]>,
}

impl Node<'_> {
    /// An attribute that is a list of integers, or one.
    pub(super) fn integers(&self, name: &str) -> Option<&[i64]> {
        self.integers.iter().find(|(found, _)| *found == name).map(|(_, values)| values.as_slice())
    }

    /// An attribute that is a number.
    pub(super) fn float(&self, name: &str) -> Option<f32> {
        self.floats.iter().find(|(found, _)| *found == name).map(|&(_, value)| value)
    }
}

impl<'a> Graph<'a> {
    /// Reads a file.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, SpeechError> {
        let mut graph = None;
        for field in Fields(bytes) {
            // ModelProto: graph = 7.
            if let (7, Value::Bytes(bytes)) = field? {
                graph = Some(bytes);
            }
        }
        let mut found = Self { nodes: Vec::new(), tensors: HashMap::new(), inputs: Vec::new() };
        for field in Fields(graph.ok_or_else(|| damaged("it has no graph"))?) {
            // GraphProto: node = 1, initializer = 5, input = 11.
            match field? {
                (1, Value::Bytes(bytes)) => {
                    limit("The number of operators in the voice", found.nodes.len() + 1, MOST_NODES)?;
                    found.nodes.push(node(bytes)?);
                }
                (5, Value::Bytes(bytes)) => {
                    limit("The number of tensors in the voice", found.tensors.len() + 1, MOST_TENSORS)?;
                    let (name, tensor) = tensor(bytes)?;
                    found.tensors.insert(name, tensor);
                }
                (11, Value::Bytes(bytes)) => {
                    limit("The number of inputs of the voice", found.inputs.len() + 1, MOST_TENSORS)?;
                    for field in Fields(bytes) {
                        // ValueInfoProto: name = 1.
                        if let (1, Value::Bytes(name)) = field? {
                            found.inputs.push(text(name)?);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// Shape and numbers of a tensor with `RANK` dimensions of 32-bit floats; `None` if there is none of that kind.
    pub(super) fn floats<const RANK: usize>(&self, name: &str) -> Option<([usize; RANK], Vec<f32>)> {
        let tensor = self.tensors.get(name)?;
        let mut dims = [0; RANK];
        if tensor.dims.len() != RANK || tensor.kind != 1 {
            return None;
        }
        for (to, &from) in dims.iter_mut().zip(&tensor.dims) {
            *to = usize::try_from(from).ok()?;
        }
        let count = dims.iter().try_fold(1_usize, |product, &dim| product.checked_mul(dim))?;
        let bytes = tensor.raw.or(tensor.floats)?;
        let (values, rest) = bytes.as_chunks::<4>();
        (values.len() == count && rest.is_empty())
            .then(|| (dims, values.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()))
    }

    /// The operator that makes a value.
    pub(super) fn maker(&self, value: &str) -> Option<&Node<'a>> {
        self.nodes.iter().find(|node| node.outputs.contains(&value))
    }

    /// The operators that use a value.
    pub(super) fn users<'b>(&'b self, value: &'b str) -> impl Iterator<Item = &'b Node<'a>> {
        self.nodes.iter().filter(move |node| node.inputs.contains(&value))
    }
}

fn node(bytes: &[u8]) -> Result<Node<'_>, SpeechError> {
    let mut node = Node::default();
    for field in Fields(bytes) {
        // NodeProto: input = 1, output = 2, name = 3, op_type = 4, attribute = 5.
        match field? {
            (1, Value::Bytes(bytes)) => node.inputs.push(text(bytes)?),
            (2, Value::Bytes(bytes)) => node.outputs.push(text(bytes)?),
            (3, Value::Bytes(bytes)) => node.name = text(bytes)?,
            (4, Value::Bytes(bytes)) => node.operator = text(bytes)?,
            (5, Value::Bytes(bytes)) => attribute(bytes, &mut node)?,
            _ => {}
        }
    }
    Ok(node)
}

fn attribute<'a>(bytes: &'a [u8], node: &mut Node<'a>) -> Result<(), SpeechError> {
    let (mut name, mut float, mut integers) = ("", None, Vec::new());
    for field in Fields(bytes) {
        // AttributeProto: name = 1, f = 2, i = 3, ints = 8, which may come one by one or packed.
        match field? {
            (1, Value::Bytes(bytes)) => name = text(bytes)?,
            (2, Value::Fixed32(bits)) => float = Some(f32::from_bits(bits)),
            (3 | 8, Value::Integer(value)) => integers.push(value as i64),
            (8, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    integers.push(varint(&mut packed)? as i64);
                }
            }
            _ => {}
        }
    }
    if let Some(float) = float {
        node.floats.push((name, float));
    }
    if !integers.is_empty() {
        node.integers.push((name, integers));
    }
    Ok(())
}

fn tensor(bytes: &[u8]) -> Result<(&str, Tensor<'_>), SpeechError> {
    let (mut name, mut tensor) = ("", Tensor::default());
    for field in Fields(bytes) {
        // TensorProto: dims = 1, data_type = 2, float_data = 4, name = 8, raw_data = 9.
        match field? {
            (1, Value::Integer(dim)) => tensor.dims.push(dim),
            (1, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    tensor.dims.push(varint(&mut packed)?);
                }
            }
            (2, Value::Integer(kind)) => tensor.kind = kind,
            (4, Value::Bytes(bytes)) => tensor.floats = Some(bytes),
            (8, Value::Bytes(bytes)) => name = text(bytes)?,
            (9, Value::Bytes(bytes)) => tensor.raw = Some(bytes),
            _ => {}
        }
    }
    Ok((name, tensor))
}

/// A field's value, by its wire type.
enum Value<'a> {
    Integer(u64),
    Fixed64,
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// The fields of a message in order, each with its number. Ends after the first error.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), SpeechError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let found = field(&mut self.0);
        if found.is_err() {
            self.0 = &[];
        }
        Some(found)
    }
}

fn field<'a>(bytes: &mut &'a [u8]) -> Result<(u64, Value<'a>), SpeechError> {
    let key = varint(bytes)?;
    let value = match key & 7 {
        0 => Value::Integer(varint(bytes)?),
        1 => {
            take(bytes, 8)?;
            Value::Fixed64
        }
        2 => {
            let length = varint(bytes)?;
            Value::Bytes(take(bytes, length)?)
        }
        5 => Value::Fixed32(take(bytes, 4)?.iter().rev().fold(0, |bits, &byte| bits << 8 | u32::from(byte))),
        _ => return Err(damaged("a field has a type that there is not")),
    };
    Ok((key >> 3, value))
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Result<&'a [u8], SpeechError> {
    let (taken, rest) = usize::try_from(length)
        .ok()
        .and_then(|length| bytes.split_at_checked(length))
        .ok_or_else(|| damaged("it ends in the middle"))?;
    *bytes = rest;
    Ok(taken)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, SpeechError> {
    let mut value = 0;
    // Seven bits a byte, so ten of them have room for 64.
    for shift in (0..70).step_by(7) {
        let byte = take(bytes, 1)?.first().copied().unwrap_or(0);
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(damaged("a number has no end"))
}

fn text(bytes: &[u8]) -> Result<&str, SpeechError> {
    std::str::from_utf8(bytes).map_err(|_| damaged("a name is not text"))
}

fn limit(what: &'static str, found: usize, limit: usize) -> Result<(), SpeechError> {
    if found > limit {
        return Err(SpeechError::Limit { what, found: found as u64, limit: limit as u64 });
    }
    Ok(())
}

fn damaged(reason: &'static str) -> SpeechError {
    SpeechError::DamagedVoice { reason: format!("of its network, {reason}") }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    fn message(fields: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (number, content) in fields {
            bytes.extend([number << 3 | 2, content.len() as u8]);
            bytes.extend(*content);
        }
        bytes
    }

    #[test]
    fn reads_operators_and_weights() {
        let attribute = [message(&[(1, b"strides")]), vec![8 << 3, 4, 8 << 3, 5]].concat();
        let slope = [message(&[(1, b"alpha")]), vec![2 << 3 | 5], 0.5_f32.to_le_bytes().to_vec()].concat();
        let node =
            message(&[(1, b"x"), (1, b"w"), (2, b"y"), (3, b"/dec/conv"), (4, b"Conv"), (5, &attribute), (5, &slope)]);
        let raw: Vec<u8> = [1.0_f32, 2.0].iter().flat_map(|value| value.to_le_bytes()).collect();
        let tensor = [vec![1 << 3, 1, 1 << 3, 2, 2 << 3, 1], message(&[(8, b"w"), (9, &raw)])].concat();
        let graph = message(&[(1, &node), (5, &tensor), (11, &message(&[(1, b"x")]))]);
        let file = message(&[(7, &graph)]);
        let graph = Graph::parse(&file).unwrap();
        let node = graph.maker("y").unwrap();
        assert_eq!((node.name, node.operator, node.inputs.as_slice()), ("/dec/conv", "Conv", ["x", "w"].as_slice()));
        assert_eq!((node.integers("strides"), node.float("alpha")), (Some([4, 5].as_slice()), Some(0.5)));
        assert_eq!(graph.floats::<2>("w"), Some(([1, 2], vec![1.0, 2.0])));
        assert_eq!(graph.floats::<3>("w"), None);
        assert_eq!((graph.users("x").count(), graph.inputs.as_slice()), (1, ["x"].as_slice()));
        // Cut anywhere, it is an error or a smaller network, and never a panic.
        for length in 0..file.len() {
            let _ = Graph::parse(&file[..length]);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for bytes in [
            b"\xff".as_slice(),
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x3a\xff\xff\x03a",
            b"\x3b",
            b"plain text",
            b"",
        ] {
            assert!(matches!(Graph::parse(bytes), Err(SpeechError::DamagedVoice { .. })), "{bytes:?}");
        }
    }
}
