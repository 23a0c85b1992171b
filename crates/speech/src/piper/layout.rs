//! Which parts of a Piper voice are where in its network.
//!
//! What belongs here: finding the values that we ask the network for, and reading flow and generator out of it. They are
//! found by what they do where that is possible, and by the names that PyTorch gives to modules of VITS where it is not: those
//! come from the training program and are the same in every voice. What does not look as expected is not computed by us: the
//! network then runs as it is.

use super::conv::Conv;
use super::flow::{Coupling, Flow, Gate};
use super::generator::{Block, Generator, Stage};
use super::onnx::{Graph, Node};
use super::upsample::Upsample;
use crate::SpeechError;

/// Modules of one kind that are looked for at the most; there are 3 to 12.
const MOST_MODULES: usize = 64;

/// Taps and frames of dilation, stride and reach that a layer may have; the largest known is 36.
const MOST_FRAMES: i64 = 256;

/// Values of the network, by name.
#[derive(Debug)]
pub(super) struct Layout {
    /// Frames for each phoneme.
    pub(super) durations: String,
    /// Noise that moves durations, which we put in; a voice whose durations are fixed has none.
    pub(super) duration_noise: Option<String>,
    /// What the text encoder expects, by channel and frame, and how far it may be off.
    pub(super) mean: String,
    pub(super) deviation: String,
    /// What the flow gets: mean, deviation and noise put together.
    pub(super) latent: String,
}

/// What we compute ourselves.
#[derive(Debug)]
pub(super) struct Tail {
    pub(super) flow: Flow,
    pub(super) generator: Generator,
}

impl Layout {
    /// Finds the values.
    pub(super) fn find(graph: &Graph<'_>) -> Result<Self, SpeechError> {
        let missing = |what: &str| SpeechError::UnsupportedVoice {
            reason: format!("its network has no {what}, so it is not one of Piper's kind"),
        };
        let random = |node: &&Node<'_>| matches!(node.operator, "RandomNormalLike" | "RandomNormal");
        let durations = graph.nodes.iter().find(|node| node.operator == "Ceil").ok_or_else(|| missing("durations"))?;
        let durations = first(&durations.outputs).ok_or_else(|| missing("durations"))?;
        // Noise times e to the something is the noise of the sound; the other noise is that of durations.
        let mut duration_noise = None;
        let mut found = None;
        for node in graph.nodes.iter().filter(random) {
            let Some(noise) = first(&node.outputs) else { continue };
            let scaled = graph.users(noise).find_map(|user| {
                let other = other(user, noise).filter(|_| user.operator == "Mul")?;
                (graph.maker(other)?.operator == "Exp").then_some((other, first(&user.outputs)?))
            });
            match scaled {
                Some((deviation, scaled)) => found = Some((first(&node.inputs), deviation, scaled)),
                None => duration_noise = Some(noise.to_owned()),
            }
        }
        let (mean, deviation, scaled) = found.ok_or_else(|| missing("noise"))?;
        let mean = mean.ok_or_else(|| missing("mean"))?;
        // The noise may be scaled once more before it is added to the mean.
        let add = |value: &str| {
            let node = graph.users(value).find(|node| node.operator == "Add" && other(node, value) == Some(mean))?;
            first(&node.outputs).map(str::to_owned)
        };
        let latent = add(scaled)
            .or_else(|| {
                graph.users(scaled).filter(|node| node.operator == "Mul").find_map(|node| add(first(&node.outputs)?))
            })
            .ok_or_else(|| missing("flow"))?;
        Ok(Self {
            durations: durations.to_owned(),
            duration_noise,
            mean: mean.to_owned(),
            deviation: deviation.to_owned(),
            latent,
        })
    }
}

impl Tail {
    /// Reads flow and generator; `None` if they are not of the known kind.
    pub(super) fn read(graph: &Graph<'_>) -> Option<Self> {
        let tail = Self { flow: flow(graph)?, generator: generator(graph)? };
        (tail.flow.couplings.iter().all(|coupling| coupling.after.outputs * 2 == tail.generator.first.inputs))
            .then_some(tail)
    }
}

fn flow(graph: &Graph<'_>) -> Option<Flow> {
    let mut couplings = Vec::new();
    for index in 0..MOST_MODULES {
        let name = format!("/flow/flows.{index}");
        let Some(before) = conv(graph, &format!("{name}/pre/Conv")) else { continue };
        let after = conv(graph, &format!("{name}/post/Conv"))?;
        let mut gates = Vec::new();
        for index in 0..MOST_MODULES {
            let Some(inner) = conv(graph, &format!("{name}/enc/in_layers.{index}/Conv")) else { break };
            let outer = conv(graph, &format!("{name}/enc/res_skip_layers.{index}/Conv"))?;
            gates.push(Gate { inner, outer });
        }
        let hidden = before.outputs;
        let (last, others) = gates.split_last()?;
        let fits = before.inputs == after.outputs
            && after.inputs == hidden
            && gates.iter().all(|gate| {
                gate.inner.inputs == hidden && gate.inner.outputs == 2 * hidden && gate.outer.inputs == hidden
            })
            && others.iter().all(|gate| gate.outer.outputs == 2 * hidden)
            && last.outer.outputs == hidden;
        if !fits {
            return None;
        }
        couplings.push(Coupling { before, gates, after });
    }
    let width = couplings.first()?.after.outputs;
    // Backwards: the layer that was last while training is first now.
    couplings.reverse();
    couplings.iter().all(|coupling| coupling.after.outputs == width).then_some(Flow { couplings })
}

fn generator(graph: &Graph<'_>) -> Option<Generator> {
    let first = conv(graph, "/dec/conv_pre/Conv")?;
    let last_name = "/dec/conv_post/Conv";
    let last = conv(graph, last_name)?;
    let last_slope = slope(graph, last_name)?;
    let blocks = (0..MOST_MODULES).map_while(|index| block(graph, index)).collect::<Vec<_>>();
    let upsamples = (0..MOST_MODULES)
        .map_while(|index| {
            let name = format!("/dec/ups.{index}/ConvTranspose");
            Some((slope(graph, &name)?, upsample(graph, &name)?))
        })
        .collect::<Vec<_>>();
    // A voice with several speakers has a module that tells them apart, which we do not compute.
    if upsamples.is_empty()
        || blocks.len() % upsamples.len() != 0
        || conv(graph, "/dec/cond/Conv").is_some()
        || last.outputs != 1
    {
        return None;
    }
    let each = blocks.len() / upsamples.len();
    let mut blocks = blocks.into_iter();
    let mut channels = first.outputs;
    let mut stages = Vec::new();
    for (slope, (inputs, outputs, upsample)) in upsamples {
        let blocks = blocks.by_ref().take(each).collect::<Vec<_>>();
        let fits = blocks.iter().flat_map(|block| &block.steps).all(|(first, second)| {
            first.inputs == outputs
                && first.outputs == outputs
                && second.as_ref().is_none_or(|second| second.inputs == outputs && second.outputs == outputs)
        });
        if inputs != channels || !fits {
            return None;
        }
        channels = outputs;
        stages.push(Stage { slope, upsample, blocks });
    }
    (last.inputs == channels).then_some(Generator { first, stages, last_slope, last })
}

fn block(graph: &Graph<'_>, index: usize) -> Option<Block> {
    let name = format!("/dec/resblocks.{index}");
    // The smaller kind of block has one convolution in each step, the larger kind two.
    let single = format!("{name}/convs.0/Conv");
    let double = format!("{name}/convs1.0/Conv");
    let slope = slope(graph, &single).or_else(|| slope(graph, &double))?;
    let steps = (0..MOST_MODULES)
        .map_while(|step| {
            conv(graph, &format!("{name}/convs.{step}/Conv")).map(|conv| (conv, None)).or_else(|| {
                let first = conv(graph, &format!("{name}/convs1.{step}/Conv"))?;
                Some((first, Some(conv(graph, &format!("{name}/convs2.{step}/Conv"))?)))
            })
        })
        .collect::<Vec<_>>();
    (!steps.is_empty()).then_some(Block { slope, steps })
}

/// The slope of the rectifier before an operator.
fn slope(graph: &Graph<'_>, name: &str) -> Option<f32> {
    let node = graph.nodes.iter().find(|node| node.name == name)?;
    let before = graph.maker(first(&node.inputs)?)?;
    // ONNX, operator LeakyRelu: 0.01 where nothing is said.
    let slope = before.float("alpha").unwrap_or(0.01);
    (before.operator == "LeakyRelu" && (0.0..=1.0).contains(&slope)).then_some(slope)
}

/// The convolution of that name, if it is one that keeps the number of frames.
fn conv(graph: &Graph<'_>, name: &str) -> Option<Conv> {
    let node = graph.nodes.iter().find(|node| node.name == name && node.operator == "Conv")?;
    let (shape, weights) = graph.floats::<3>(node.inputs.get(1)?)?;
    let [outputs, inputs, taps] = shape;
    let bias = bias(graph, node, outputs)?;
    let dilation = one(node, "dilations")?;
    let (before, after) = pads(node)?;
    let plain = one(node, "strides")? == 1 && one(node, "group")? == 1;
    let fits = taps > 0
        && inputs > 0
        && outputs > 0
        && taps <= MOST_FRAMES as usize
        && before + after == (taps - 1) * dilation;
    (plain && fits).then(|| Conv::new([outputs, inputs, taps], dilation, before, &weights, &bias))
}

/// The transposed convolution of that name, if it makes a whole number of frames of each; with its inputs and outputs.
fn upsample(graph: &Graph<'_>, name: &str) -> Option<(usize, usize, Upsample)> {
    let node = graph.nodes.iter().find(|node| node.name == name && node.operator == "ConvTranspose")?;
    let (shape, weights) = graph.floats::<3>(node.inputs.get(1)?)?;
    let [inputs, outputs, taps] = shape;
    let bias = bias(graph, node, outputs)?;
    let stride = one(node, "strides")?;
    let (before, after) = pads(node)?;
    let plain =
        one(node, "dilations")? == 1 && one(node, "group")? == 1 && one(node, "output_padding").unwrap_or(1) == 1;
    let fits = inputs > 0
        && outputs > 0
        && taps <= MOST_FRAMES as usize
        && before == after
        && taps == stride + 2 * before
        && stride > 0;
    (plain && fits).then(|| (inputs, outputs, Upsample::new([inputs, outputs, taps], stride, before, &weights, &bias)))
}

fn bias(graph: &Graph<'_>, node: &Node<'_>, outputs: usize) -> Option<Vec<f32>> {
    let Some(name) = node.inputs.get(2) else { return Some(vec![0.0; outputs]) };
    let ([count], values) = graph.floats::<1>(name)?;
    (count == outputs).then_some(values)
}

/// An attribute that is one positive number; 1 where nothing is said, as ONNX has it.
fn one(node: &Node<'_>, name: &str) -> Option<usize> {
    match node.integers(name) {
        None => Some(1),
        Some(&[value]) if (1..=MOST_FRAMES).contains(&value) => usize::try_from(value).ok(),
        Some(_) => None,
    }
}

fn pads(node: &Node<'_>) -> Option<(usize, usize)> {
    match node.integers("pads") {
        None => Some((0, 0)),
        Some(&[before, after]) if (0..=MOST_FRAMES).contains(&before) && (0..=MOST_FRAMES).contains(&after) => {
            Some((before as usize, after as usize))
        }
        Some(_) => None,
    }
}

fn first<'a>(names: &[&'a str]) -> Option<&'a str> {
    names.first().copied()
}

/// The other operand of an operator with two.
fn other<'a>(node: &Node<'a>, one: &str) -> Option<&'a str> {
    match *node.inputs.as_slice() {
        [a, b] if a == one => Some(b),
        [a, b] if b == one => Some(a),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    /// A network of a few numbers, laid out as a voice's is.
    const SMALL: &[u8] = include_bytes!("../../../../fuzz/corpus/voice/small");

    fn network() -> &'static [u8] {
        let end = SMALL.iter().position(|&byte| byte == b'\n').unwrap();
        &SMALL[end + 1..]
    }

    #[test]
    fn values_and_layers_are_found() {
        let graph = Graph::parse(network()).unwrap();
        let layout = Layout::find(&graph).unwrap();
        assert_eq!([layout.durations, layout.mean, layout.deviation, layout.latent], ["d", "m", "s", "z"]);
        assert_eq!(layout.duration_noise, None);
        let tail = Tail::read(&graph).unwrap();
        assert_eq!((tail.flow.couplings.len(), tail.generator.hop()), (1, 2));
    }

    #[test]
    fn what_does_not_fit_is_not_computed_here() {
        // Any byte another: an error, another network, or none of ours; never a panic.
        for at in 0..network().len() {
            let mut bytes = network().to_vec();
            bytes[at] ^= 0x41;
            if let Ok(graph) = Graph::parse(&bytes) {
                let _ = (Layout::find(&graph).is_ok(), Tail::read(&graph).is_some());
            }
        }
        let graph = Graph::parse(b"\x3a\x00").unwrap();
        assert!(matches!(Layout::find(&graph), Err(SpeechError::UnsupportedVoice { .. })));
        assert!(Tail::read(&graph).is_none());
    }
}
