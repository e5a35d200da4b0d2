//! Configurations from templates: `@NAME@` stands for a value.

use anyhow::{Result, bail};

/// Puts the values in. A name without a value, or a value without a name, is an error: a configuration with a hole in it
/// would be read as something else.
pub fn render(template: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut text = template.to_owned();
    for (name, value) in values {
        let mark = format!("@{name}@");
        if !template.contains(&mark) {
            bail!("the template has no {mark}");
        }
        text = text.replace(&mark, value);
    }
    match hole(template, values) {
        Some(name) => bail!("the template wants @{name}@"),
        None => Ok(text),
    }
}

/// The first name in the template that has no value.
fn hole<'a>(template: &'a str, values: &[(&str, &str)]) -> Option<&'a str> {
    let names = template
        .split('@')
        .filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
    names.into_iter().find(|name| !values.iter().any(|(known, _)| known == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_gets_its_value() {
        assert_eq!(render("a=@A@\nb=@B_C@:@A@\n", &[("A", "1"), ("B_C", "x")]).unwrap(), "a=1\nb=x:1\n");
        assert_eq!(render("user@host", &[]).unwrap(), "user@host");
    }

    #[test]
    fn holes_and_leftovers_are_errors() {
        assert!(render("a=@A@", &[]).unwrap_err().to_string().contains("@A@"));
        assert!(render("a", &[("A", "1")]).unwrap_err().to_string().contains("@A@"));
    }
}
