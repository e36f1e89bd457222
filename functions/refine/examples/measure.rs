//! scratch
use std::time::Instant;
fn main() {
    let mut files = Vec::new();
    let mut dirs = vec![std::path::PathBuf::from(std::env::args().nth(1).unwrap())];
    while let Some(dir) = dirs.pop() {
        for e in std::fs::read_dir(dir).unwrap() {
            let p = e.unwrap().path();
            if p.is_dir() { dirs.push(p) } else { files.push((p.to_str().unwrap()[12..].to_owned(), std::fs::read(&p).unwrap())) }
        }
    }
    files.sort();
    let (mut bytes, mut rows) = (0, 0);
    for (k, raw) in &files {
        for o in refine::refine(k, raw).unwrap() {
            bytes += o.bytes.len();
            rows += o.rows.total();
            if let Some(d) = std::env::args().nth(2) {
                let p = std::path::Path::new(&d).join(&o.key);
                std::fs::create_dir_all(p.parent().unwrap()).unwrap();
                std::fs::write(p, &o.bytes).unwrap();
            }
        }
    }
    println!("{} files {} rows {:.1} bytes/tweet", files.len(), rows, bytes as f64 / rows as f64);
    for _ in 0..5 {
        let mut t: Vec<f64> = files
            .iter()
            .map(|(k, raw)| {
                let s = Instant::now();
                std::hint::black_box(refine::refine(k, raw).unwrap());
                s.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        t.sort_by(f64::total_cmp);
        let mut p: Vec<f64> = files
            .iter()
            .map(|(_, raw)| {
                let s = Instant::now();
                std::hint::black_box(tweets::document::Document::parse(raw).unwrap());
                s.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        p.sort_by(f64::total_cmp);
        println!("median {:.3} ms min {:.3}; parse median {:.3}", t[t.len() / 2], t[0], p[p.len() / 2]);
    }
}
