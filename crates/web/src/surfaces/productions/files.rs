//! Multipart bodies: text into a form, files straight to storage, whatever their order.

use app::{App, AppError, Caller};
use axum::extract::DefaultBodyLimit;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request as HttpRequest};
use futures_util::StreamExt;
use http::StatusCode;
use model::production::{Input, StoredFile};
use wire::productions::{Form, FormErrors, MAX_CHAPTERS_BYTES, MAX_FORM_FIELDS, Offer, Request};

use super::reply::Refused;
use crate::http::body;
use crate::http::problem::Problem;
use crate::settings::Web;

/// Bytes of a text field. A summary has the most, and every character may take four.
const MOST_TEXT: usize = 512 << 10;

/// Parts of a body, empty ones too.
const MOST_PARTS: usize = 2 * MAX_FORM_FIELDS;

/// A form with files in it, of which nothing was read yet.
pub(super) struct Files(Multipart);

impl FromRequest<Web> for Files {
    type Rejection = Refused;

    async fn from_request(mut request: HttpRequest, web: &Web) -> Result<Self, Refused> {
        body::fits(request.headers(), web.app().rules().upload_limit)?;
        // Every part has a ceiling of its own; files have the operator's.
        DefaultBodyLimit::disable().apply(&mut request);
        let form = Multipart::from_request(request, web).await;
        Ok(Self(form.map_err(|_| Problem::unsupported("Files come as multipart/form-data."))?))
    }
}

/// Reads the simple API's form: any field, and files under `input_file`, `image` and `chapters`.
pub(super) async fn form(app: &App, caller: &Caller, body: Files, offer: Offer) -> Result<Request, Problem> {
    receive(app, caller, body, Form::new(offer), &|name| Takes {
        text: true,
        file: is_file(name) || name == "chapters",
    })
    .await
}

/// Reads files for something that is there: `input_file` where that is wanted, and `image`.
pub(super) async fn uploads(
    app: &App,
    caller: &Caller,
    body: Files,
    offer: Offer,
    names: &[&str],
) -> Result<Request, Problem> {
    let takes = |name: &str| Takes { text: names.contains(&name), file: names.contains(&name) };
    let request = receive(app, caller, body, Form::new(offer), &takes).await?;
    if request.edit.input.is_none() && request.edit.cover.is_none() {
        let (field, names) = (names.first().copied().unwrap_or_default(), names.join(" or "));
        return Err(FormErrors::of(field, format!("There is no file in this. Send one as {names}.")).into());
    }
    Ok(request)
}

/// What may come under a name.
struct Takes {
    text: bool,
    file: bool,
}

/// What came under a name, beside text.
#[derive(Default)]
struct Received {
    input: Option<StoredFile>,
    cover: Option<StoredFile>,
}

async fn receive(
    app: &App,
    caller: &Caller,
    Files(mut body): Files,
    mut form: Form,
    takes: &(dyn Fn(&str) -> Takes + Sync),
) -> Result<Request, Problem> {
    let mut received = Received::default();
    let mut count = 0;
    while let Some(field) = body.next_field().await.map_err(|error| broken(&error))? {
        count += 1;
        if count > MOST_PARTS {
            return Err(FormErrors::of("body", format!("The form has more than {MOST_PARTS} parts.")).into());
        }
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let takes = takes(&name);
        match file {
            // A form of a browser in which no file was chosen.
            Some(file) if file.is_empty() => drain(field, 0).await?,
            Some(file) if takes.file && is_file(&name) => {
                if !form.file(&name) {
                    drain(field, app.rules().upload_limit).await?;
                    continue;
                }
                let kept = Some(app.files().receive(caller, &file, field).await?);
                if name == "image" { received.cover = kept } else { received.input = kept }
            }
            Some(_) if takes.file => {
                let text = text(field, MAX_CHAPTERS_BYTES).await?;
                say(&mut form, &name, text, MAX_CHAPTERS_BYTES);
            }
            None if takes.text => {
                let most = if name == "chapters" { MAX_CHAPTERS_BYTES } else { MOST_TEXT };
                let text = text(field, most).await?;
                say(&mut form, &name, text, most);
            }
            Some(_) => {
                form.wrong(&name, NO_FILE);
                drain(field, app.rules().upload_limit).await?;
            }
            None => {
                form.wrong(&name, NO_FIELD);
                drain(field, MOST_TEXT as u64).await?;
            }
        }
    }
    let mut request = form.finish()?;
    request.edit.input = received.input.map(Input::File).or(request.edit.input);
    request.edit.cover = received.cover.map(Input::File).or(request.edit.cover);
    Ok(request)
}

const NO_FILE: &str = "No file is taken under this name. A recording is input_file, a picture image; several tracks are not \
                       mixed yet.";
const NO_FIELD: &str = "This is not taken here. A recording is input_file, a picture image.";

fn is_file(name: &str) -> bool {
    matches!(name, "input_file" | "image")
}

/// Puts text into the form, or what is wrong with it.
fn say(form: &mut Form, name: &str, text: Text, most: usize) {
    match text {
        Text::Said(text) => form.text(name, &text),
        Text::TooLong => form.wrong(name, format!("{name} has more than the {most} bytes that are read.")),
        Text::Broken => form.wrong(name, format!("{name} is not UTF-8 text.")),
    }
}

enum Text {
    Said(String),
    TooLong,
    Broken,
}

/// Reads text up to a ceiling, and reads over the rest.
async fn text(mut field: Field<'_>, most: usize) -> Result<Text, Problem> {
    let mut held = Vec::new();
    while let Some(piece) = field.next().await {
        let piece = piece.map_err(|error| broken(&error))?;
        if held.len() + piece.len() > most {
            drain(field, 64 * most as u64).await?;
            return Ok(Text::TooLong);
        }
        held.extend_from_slice(&piece);
    }
    Ok(String::from_utf8(held).map_or(Text::Broken, Text::Said))
}

/// Reads over what nobody wants, so that what comes after it can be read, up to a ceiling.
async fn drain(mut field: Field<'_>, most: u64) -> Result<(), Problem> {
    let mut seen = 0;
    while let Some(piece) = field.next().await {
        seen += piece.map_err(|error| broken(&error))?.len() as u64;
        if seen > most {
            return Err(AppError::TooLarge { limit: most }.into());
        }
    }
    Ok(())
}

/// A body that breaks off or breaks the rules of multipart.
fn broken(error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "A header in this form is too long.");
    }
    let what = "The form could not be read to its end: it breaks off, or is not multipart/form-data.";
    FormErrors::of("body", what).into()
}
