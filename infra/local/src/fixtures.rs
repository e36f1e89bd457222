//! What several tests put on the disk.

use std::path::Path;

use tweets::Years;

/// Puts the rows of a RAW file into a folder of REF, as `refine` would.
pub(crate) fn put_refined(ref_dir: &Path, key: &str, raw: &[u8]) {
    for object in refine::refine(key, raw, Years::DEFAULT).unwrap().objects {
        let path = ref_dir.join(&object.key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &object.bytes).unwrap();
    }
}
