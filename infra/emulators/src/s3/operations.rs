//! The S3 operations of this store, each a translation between s3s's types and the store's.
//!
//! Other operations return `NotImplemented` (501), s3s's default: multipart uploads, versions, tags, policies.

use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::StatusCode;
use percent_encoding::utf8_percent_encode;
use s3s::dto::{
    Bucket, ChecksumMode, ChecksumType, CommonPrefix, CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, CreateBucketInput,
    CreateBucketOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, EncodingType,
    GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput,
    HeadObjectOutput, ListBucketsInput, ListBucketsOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
    MetadataDirective, Object, ObjectStorageClass, PutObjectInput, PutObjectOutput, StreamingBlob, Timestamp,
};
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};

use super::conditions::{ReadConditions, WriteConditions};
use super::listing::{MAX_KEYS, Page, Position, Query};
use super::notification::URL_ENCODED;
use super::object::{Checksums, Description, Head};
use super::store::{Source, Store};
use super::upload;

/// The store as an s3s service.
pub(super) struct Operations(pub std::sync::Arc<Store>);

/// Maximum number of keys in a request of `DeleteObjects`.
/// Source: `DeleteObjects` in the Amazon S3 API Reference.
const MAX_DELETES: usize = 1_000;

type Answer<T> = S3Result<S3Response<T>>;

#[expect(clippy::unnecessary_wraps, reason = "it ends every operation that did not fail")]
fn answer<T>(output: T) -> Answer<T> {
    Ok(S3Response::new(output))
}

#[async_trait]
impl S3 for Operations {
    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        let name = request.input.bucket;
        match self.0.create_bucket(&name) {
            Ok(true) => answer(CreateBucketOutput { location: Some(format!("/{name}")) }),
            Ok(false) => Err(s3_error!(
                BucketAlreadyOwnedByYou,
                "Your previous request to create the named bucket succeeded and you already own it."
            )),
            Err(error) => Err(s3_error!(InternalError, "cannot create bucket `{name}`: {error}")),
        }
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        self.0.check_bucket(&request.input.bucket)?;
        let bucket_region = request.region.map(|region| region.as_str().to_owned());
        answer(HeadBucketOutput { bucket_region, ..Default::default() })
    }

    async fn get_bucket_location(&self, request: S3Request<GetBucketLocationInput>) -> Answer<GetBucketLocationOutput> {
        self.0.check_bucket(&request.input.bucket)?;
        answer(GetBucketLocationOutput::default())
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
        let buckets = self.0.buckets()?.into_iter().map(|(name, created)| Bucket {
            name: Some(name),
            creation_date: Some(timestamp(created)),
            bucket_region: None,
        });
        answer(ListBucketsOutput { buckets: Some(buckets.collect()), ..Default::default() })
    }

    async fn put_object(&self, mut request: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        let upload = upload::receive(&mut request).await?;
        let PutObjectInput { bucket, key, if_match, if_none_match, .. } = request.input;
        let head = self.0.put(&bucket, &key, &WriteConditions { if_none_match, if_match }, upload)?;
        answer(PutObjectOutput {
            e_tag: Some(ETag::Strong(head.etag)),
            checksum_type: full_object(&head.checksums),
            checksum_crc32: head.checksums.crc32,
            checksum_crc32c: head.checksums.crc32c,
            checksum_crc64nvme: head.checksums.crc64nvme,
            checksum_sha1: head.checksums.sha1,
            checksum_sha256: head.checksums.sha256,
            ..Default::default()
        })
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        let input = request.input;
        let conditions = ReadConditions {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
            if_modified_since: input.if_modified_since,
            if_unmodified_since: input.if_unmodified_since,
        };
        let read = self.0.get(&input.bucket, &input.key, &conditions, input.range.as_ref())?;
        let is_part = input.range.is_some();
        // Checksums cover the whole object, so the response for a part has none.
        let checksums = if is_part { Checksums::default() } else { requested_checksums(input.checksum_mode.as_ref(), &read.head) };
        let content_range = is_part.then(|| format!("bytes {}-{}/{}", read.range.start, read.range.end - 1, read.head.size));
        let Description { content_type, content_encoding, content_language, content_disposition, cache_control, metadata } =
            read.head.description;
        let output = GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: length(read.bytes.len() as u64),
            body: Some(blob(read.bytes)),
            content_range,
            e_tag: Some(ETag::Strong(read.head.etag)),
            last_modified: Some(timestamp(read.head.last_modified)),
            content_type: Some(content_type.unwrap_or_else(default_content_type)),
            content_encoding,
            content_language,
            content_disposition,
            cache_control,
            metadata: Some(metadata.into_iter().collect()),
            checksum_type: full_object(&checksums),
            checksum_crc32: checksums.crc32,
            checksum_crc32c: checksums.crc32c,
            checksum_crc64nvme: checksums.crc64nvme,
            checksum_sha1: checksums.sha1,
            checksum_sha256: checksums.sha256,
            ..Default::default()
        };
        let status = if is_part { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        Ok(S3Response::with_status(output, status))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        let input = request.input;
        let conditions = ReadConditions {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
            if_modified_since: input.if_modified_since,
            if_unmodified_since: input.if_unmodified_since,
        };
        let head = self.0.head(&input.bucket, &input.key, &conditions)?;
        let checksums = requested_checksums(input.checksum_mode.as_ref(), &head);
        answer(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: length(head.size),
            e_tag: Some(ETag::Strong(head.etag)),
            last_modified: Some(timestamp(head.last_modified)),
            content_type: Some(head.description.content_type.unwrap_or_else(default_content_type)),
            content_encoding: head.description.content_encoding,
            content_language: head.description.content_language,
            content_disposition: head.description.content_disposition,
            cache_control: head.description.cache_control,
            metadata: Some(head.description.metadata.into_iter().collect()),
            checksum_type: full_object(&checksums),
            checksum_crc32: checksums.crc32,
            checksum_crc32c: checksums.crc32c,
            checksum_crc64nvme: checksums.crc64nvme,
            checksum_sha1: checksums.sha1,
            checksum_sha256: checksums.sha256,
            ..Default::default()
        })
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        let input = request.input;
        let CopySource::Bucket { bucket: from_bucket, key: from_key, .. } = &input.copy_source else {
            return Err(s3_error!(NotImplemented, "a copy source is a bucket and a key here"));
        };
        let replace = input.metadata_directive.as_ref().is_some_and(|is| is.as_str() == MetadataDirective::REPLACE);
        if !replace && (from_bucket.as_ref(), from_key.as_ref()) == (&input.bucket, &input.key) {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing the \
                 object's metadata."
            ));
        }
        let source = Source {
            bucket: from_bucket,
            key: from_key,
            conditions: ReadConditions {
                if_match: input.copy_source_if_match,
                if_none_match: input.copy_source_if_none_match,
                if_modified_since: input.copy_source_if_modified_since,
                if_unmodified_since: input.copy_source_if_unmodified_since,
            },
            description: replace.then(|| Description {
                content_type: input.content_type,
                content_encoding: input.content_encoding,
                content_language: input.content_language,
                content_disposition: input.content_disposition,
                cache_control: input.cache_control,
                metadata: input.metadata.unwrap_or_default().into_iter().collect(),
            }),
        };
        let head = self.0.copy(source, &input.bucket, &input.key)?;
        let result = CopyObjectResult {
            e_tag: Some(ETag::Strong(head.etag)),
            last_modified: Some(timestamp(head.last_modified)),
            ..Default::default()
        };
        answer(CopyObjectOutput { copy_object_result: Some(result), ..Default::default() })
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        self.0.delete(&request.input.bucket, &request.input.key, request.input.if_match)?;
        answer(DeleteObjectOutput::default())
    }

    async fn delete_objects(&self, request: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
        let DeleteObjectsInput { bucket, delete, .. } = request.input;
        if delete.objects.is_empty() || delete.objects.len() > MAX_DELETES {
            return Err(s3_error!(MalformedXML, "name 1 to {MAX_DELETES} keys to delete"));
        }
        self.0.check_bucket(&bucket)?;
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for object in delete.objects {
            let condition = object.e_tag.map(s3s::dto::ETagCondition::ETag);
            match self.0.delete(&bucket, &object.key, condition) {
                Ok(()) => deleted.push(DeletedObject { key: Some(object.key), ..Default::default() }),
                Err(error) => errors.push(s3s::dto::Error {
                    code: Some(error.code().as_str().to_owned()),
                    key: Some(object.key),
                    message: error.message().map(str::to_owned),
                    version_id: None,
                }),
            }
        }
        let deleted = if delete.quiet.unwrap_or(false) { Vec::new() } else { deleted };
        answer(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), request_charged: None })
    }

    async fn list_objects_v2(&self, request: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        let input = request.input;
        let query = query(&input)?;
        let (Page { keys, common_prefixes, next }, heads) = self.0.list(&input.bucket, &query)?;
        let encoded = |text: String| encoded(text, input.encoding_type.as_ref());
        let key_count = i32::try_from(keys.len() + common_prefixes.len()).ok();
        let contents = keys.into_iter().zip(heads).map(|(key, head)| object(encoded(key), head)).collect();
        let common_prefixes = common_prefixes.into_iter().map(|it| CommonPrefix { prefix: Some(encoded(it)) }).collect();
        answer(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(encoded(query.prefix)),
            max_keys: i32::try_from(query.max_keys).ok(),
            key_count,
            continuation_token: input.continuation_token,
            is_truncated: Some(next.is_some()),
            next_continuation_token: next.map(|position| position.token()),
            contents: Some(contents),
            common_prefixes: Some(common_prefixes),
            delimiter: input.delimiter.map(encoded),
            start_after: input.start_after.map(encoded),
            encoding_type: input.encoding_type.clone(),
            request_charged: None,
        })
    }

    /// The older listing, which boto3's `Bucket.objects` still uses: the same page with a marker instead of a token.
    async fn list_objects(&self, request: S3Request<ListObjectsInput>) -> Answer<ListObjectsOutput> {
        let marker = request.input.marker.clone();
        let v2 = self.list_objects_v2(request.map_input(Into::into)).await?.output;
        let last = v2.next_continuation_token.as_deref().and_then(Position::parse);
        let next_marker = last.map(|position| match position {
            Position::Key(key) => key,
            // A marker is a key, so "past this prefix" is expressed as the greatest key with the prefix.
            Position::Prefix(prefix) => prefix + "\u{10FFFF}",
        });
        answer(ListObjectsOutput {
            name: v2.name,
            prefix: v2.prefix,
            marker,
            max_keys: v2.max_keys,
            is_truncated: v2.is_truncated,
            contents: v2.contents,
            common_prefixes: v2.common_prefixes,
            next_marker: next_marker.map(|it| encoded(it, v2.encoding_type.as_ref())),
            delimiter: v2.delimiter,
            encoding_type: v2.encoding_type,
            request_charged: None,
        })
    }
}

fn query(input: &ListObjectsV2Input) -> S3Result<Query> {
    let after = match (&input.continuation_token, &input.start_after) {
        (Some(token), _) => {
            Position::parse(token).ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))?
        }
        (None, Some(key)) => Position::Key(key.clone()),
        (None, None) => Position::default(),
    };
    let max_keys = input.max_keys.map_or(Ok(MAX_KEYS), usize::try_from);
    Ok(Query {
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone().unwrap_or_default(),
        after,
        max_keys: max_keys.map_err(|_| s3_error!(InvalidArgument, "max-keys is negative"))?.min(MAX_KEYS),
    })
}

fn encoded(text: String, encoding: Option<&EncodingType>) -> String {
    match encoding {
        Some(encoding) if encoding.as_str() == EncodingType::URL => utf8_percent_encode(&text, URL_ENCODED).to_string(),
        _ => text,
    }
}

fn object(key: String, head: Head) -> Object {
    Object {
        key: Some(key),
        size: length(head.size),
        e_tag: Some(ETag::Strong(head.etag)),
        last_modified: Some(timestamp(head.last_modified)),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        ..Default::default()
    }
}

fn requested_checksums(mode: Option<&ChecksumMode>, head: &Head) -> Checksums {
    if mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED) { head.checksums.clone() } else { Checksums::default() }
}

fn full_object(checksums: &Checksums) -> Option<ChecksumType> {
    (*checksums != Checksums::default()).then(|| ChecksumType::from_static(ChecksumType::FULL_OBJECT))
}

fn blob(bytes: Bytes) -> StreamingBlob {
    StreamingBlob::from(Body::from(bytes))
}

fn length(bytes: u64) -> Option<i64> {
    i64::try_from(bytes).ok()
}

fn timestamp(instant: DateTime<Utc>) -> Timestamp {
    Timestamp::from(SystemTime::from(instant))
}

/// Returns the content type that S3 stores for an object that was put without one.
fn default_content_type() -> String {
    "binary/octet-stream".to_owned()
}
