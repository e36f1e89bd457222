//! Turns the body of a put into verified bytes. A body that is cut off, too large or does not match its checksums
//! stores nothing.

use aws_smithy_types::base64;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::PutObjectInput;
use s3s::{Body, S3Error, S3ErrorCode, S3Request, S3Result, s3_error};

use super::MAX_OBJECT_BYTES;
use super::object::{Checksums, Description, hex};
use super::store::Upload;

/// Reads the body to its end and verifies its length and every checksum sent with it, in a header or in a trailer.
pub(super) async fn receive(request: &mut S3Request<PutObjectInput>) -> S3Result<Upload> {
    let mut body = request.input.body.take().map_or_else(Body::empty, Body::from);
    let bytes = body.store_all_limited(MAX_OBJECT_BYTES).await.map_err(|error| body_error(&error))?;
    let promised = request.input.content_length.and_then(|length| usize::try_from(length).ok());
    if promised.is_some_and(|length| length != bytes.len()) {
        return Err(s3_error!(IncompleteBody, "the length of the body differs from its length header"));
    }
    // s3s fills in the trailers while the body is read, so they are only available now.
    let trailers = request.trailing_headers.as_ref().and_then(s3s::TrailingHeaders::take).unwrap_or_default();
    check_trailers_arrived(&request.headers, &trailers)?;
    let checksums = expected_checksums(&request.input, &trailers);
    verify(&bytes, &checksums)?;
    let md5 = Md5::checksum(&bytes);
    verify_content_md5(md5.as_ref(), request.input.content_md5.as_deref())?;
    Ok(Upload { etag: hex(md5), bytes, checksums, description: description(&mut request.input) })
}

fn body_error(error: &s3s::StdError) -> S3Error {
    // The types of s3s's body errors are private; their names appear in their text.
    let text = error.to_string();
    if error.is::<http_body_util::LengthLimitError>() || text.starts_with("body size") {
        too_large()
    } else if text.contains("SignatureMismatch") {
        s3_error!(SignatureDoesNotMatch, "a chunk of the body does not match its signature")
    } else if text.contains("Sha256Mismatch") {
        bad_request("XAmzContentSHA256Mismatch", "the body does not match x-amz-content-sha256")
    } else {
        s3_error!(IncompleteBody, "cannot read the body: {text}")
    }
}

/// Creates an error that S3 defines and s3s does not.
fn bad_request(code: &'static str, message: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
    let mut error = S3Error::with_message(S3ErrorCode::Custom(code.into()), message);
    error.set_status_code(StatusCode::BAD_REQUEST);
    error
}

pub(super) fn too_large() -> S3Error {
    s3_error!(EntityTooLarge, "this local S3 accepts objects of at most {MAX_OBJECT_BYTES} bytes")
}

/// Refuses an upload whose announced trailer is missing, as S3 does: it has no checksum.
fn check_trailers_arrived(headers: &HeaderMap, trailers: &HeaderMap) -> S3Result {
    let promised = headers.get_all("x-amz-trailer").iter().filter_map(|names| names.to_str().ok());
    for name in promised.flat_map(|names| names.split(',')).map(str::trim) {
        if !trailers.contains_key(name.to_ascii_lowercase()) {
            let message = format!("trailer `{name}` was announced and did not arrive");
            return Err(bad_request("MalformedTrailerError", message));
        }
    }
    Ok(())
}

fn expected_checksums(input: &PutObjectInput, trailers: &HeaderMap) -> Checksums {
    let either =
        |header: &Option<String>, trailer: &str| header.clone().or_else(|| trailers.get(trailer)?.to_str().ok().map(str::to_owned));
    Checksums {
        crc32: either(&input.checksum_crc32, "x-amz-checksum-crc32"),
        crc32c: either(&input.checksum_crc32c, "x-amz-checksum-crc32c"),
        crc64nvme: either(&input.checksum_crc64nvme, "x-amz-checksum-crc64nvme"),
        sha1: either(&input.checksum_sha1, "x-amz-checksum-sha1"),
        sha256: either(&input.checksum_sha256, "x-amz-checksum-sha256"),
    }
}

fn verify(bytes: &Bytes, expected: &Checksums) -> S3Result {
    let mut hasher = ChecksumHasher {
        crc32: expected.crc32.as_ref().map(|_| Crc32::new()),
        crc32c: expected.crc32c.as_ref().map(|_| Crc32c::new()),
        crc64nvme: expected.crc64nvme.as_ref().map(|_| Crc64Nvme::new()),
        sha1: expected.sha1.as_ref().map(|_| Sha1::new()),
        sha256: expected.sha256.as_ref().map(|_| Sha256::new()),
    };
    hasher.update(bytes);
    let actual = hasher.finalize();
    for (name, expected, actual) in [
        ("CRC32", &expected.crc32, actual.checksum_crc32),
        ("CRC32C", &expected.crc32c, actual.checksum_crc32c),
        ("CRC64NVME", &expected.crc64nvme, actual.checksum_crc64nvme),
        ("SHA1", &expected.sha1, actual.checksum_sha1),
        ("SHA256", &expected.sha256, actual.checksum_sha256),
    ] {
        if *expected != actual {
            return Err(s3_error!(BadDigest, "The {name} you specified did not match the calculated checksum."));
        }
    }
    Ok(())
}

fn verify_content_md5(md5: &[u8], expected: Option<&str>) -> S3Result {
    let Some(expected) = expected else { return Ok(()) };
    match base64::decode(expected) {
        Ok(expected) if expected == md5 => Ok(()),
        Ok(expected) if expected.len() == md5.len() => {
            Err(s3_error!(BadDigest, "The Content-MD5 you specified did not match what we received."))
        }
        _ => Err(s3_error!(InvalidDigest, "The Content-MD5 you specified was invalid.")),
    }
}

fn description(input: &mut PutObjectInput) -> Description {
    Description {
        content_type: input.content_type.take(),
        content_encoding: input.content_encoding.take().and_then(|encoding| without_aws_chunked(&encoding)),
        content_language: input.content_language.take(),
        content_disposition: input.content_disposition.take(),
        cache_control: input.cache_control.take(),
        metadata: input.metadata.take().unwrap_or_default().into_iter().collect(),
    }
}

/// Removes `aws-chunked`, which describes the transfer and not the content; S3 also removes it before it stores the
/// header.
fn without_aws_chunked(encoding: &str) -> Option<String> {
    let kept: Vec<&str> = encoding.split(',').map(str::trim).filter(|name| *name != "aws-chunked").collect();
    (!kept.is_empty() && kept != [""]).then(|| kept.join(","))
}
