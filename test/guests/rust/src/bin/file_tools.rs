//! Tools for files, over `std::fs`. Run it without arguments to read what each does.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::exit;

/// The entries of a directory in the order of their names.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn list(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_dir() {
        println!("directory {}", path.display());
        for entry in entries(path)? {
            list(&entry)?;
        }
    } else if metadata.file_type().is_symlink() {
        println!("link {} -> {}", path.display(), fs::read_link(path)?.display());
    } else {
        println!("file {} {}", path.display(), metadata.len());
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    if metadata.is_dir() {
        fs::create_dir(to)?;
        for entry in entries(from)? {
            let name = entry.file_name().expect("an entry has a name");
            copy(&entry, &to.join(name))?;
        }
    } else if metadata.file_type().is_symlink() {
        // There is no stable function for links on this target.
        return Ok(());
    } else {
        let mut reader = BufReader::new(File::open(from)?);
        let mut writer = BufWriter::new(OpenOptions::new().write(true).create_new(true).open(to)?);
        io::copy(&mut reader, &mut writer)?;
        writer.flush()?;
        if metadata.len() > 100_000 {
            writer.get_ref().sync_all()?;
        }
    }
    Ok(())
}

fn search(text: &str, path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_dir() {
        for entry in entries(path)? {
            search(text, &entry)?;
        }
    } else if metadata.is_file() {
        for (i, line) in BufReader::new(File::open(path)?).lines().enumerate() {
            let line = line?;
            if line.contains(text) {
                println!("{}:{}:{}", path.display(), i + 1, line);
            }
        }
    }
    Ok(())
}

/// Gives every file of a tree another extension.
fn rename_all(path: &Path, from: &str, to: &str) -> io::Result<()> {
    for entry in entries(path)? {
        if fs::symlink_metadata(&entry)?.is_dir() {
            rename_all(&entry, from, to)?;
        } else if entry.extension().map_or(false, |extension| extension == from) {
            fs::rename(&entry, entry.with_extension(to))?;
        }
    }
    Ok(())
}

/// Writes a text into a file and tells what was there.
fn patch(path: &Path, at: u64, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    file.seek(SeekFrom::Start(at))?;
    let mut before = vec![0; text.len()];
    file.read_exact(&mut before)?;
    file.seek(SeekFrom::Current(-(text.len() as i64)))?;
    file.write_all(text.as_bytes())?;
    file.seek(SeekFrom::End(0))?;
    println!("{} -> {} in {} bytes", String::from_utf8_lossy(&before), text, file.stream_position()?);
    Ok(())
}

fn run(arguments: &[&str]) -> io::Result<()> {
    match arguments {
        ["ls", path] => list(Path::new(path)),
        ["cp", from, to] => copy(Path::new(from), Path::new(to)),
        ["grep", text, path] => search(text, Path::new(path)),
        ["ext", path, from, to] => rename_all(Path::new(path), from, to),
        ["rm", path] => fs::remove_dir_all(path),
        ["patch", path, at, text] => patch(Path::new(path), at.parse().unwrap_or(0), text),
        ["cut", path, length] => OpenOptions::new()
            .write(true)
            .open(path)?
            .set_len(length.parse().unwrap_or(0)),
        ["new", path, text] => fs::write(path, text),
        _ => {
            println!("file_tools ls FOLDER             lists a tree");
            println!("           cp FROM TO            copies a tree, without links");
            println!("           grep TEXT FOLDER      prints the lines of a tree that contain a text");
            println!("           ext FOLDER FROM TO    gives the files of a tree another extension");
            println!("           rm FOLDER             removes a tree");
            println!("           patch FILE AT TEXT    writes a text into a file");
            println!("           cut FILE LENGTH       makes a file so long");
            println!("           new FILE TEXT         makes a file");
            Ok(())
        }
    }
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let Err(error) = run(&arguments) {
        eprintln!("{:?}", error.kind());
        exit(1);
    }
}
