//! Section 2: normalise.

use crate::check;

#[test]
fn unescape() {
    check(&[
        ("&lt;3", "<3"),
        ("amo&lt;3", "<3"),
        ("&lt;/3 acabou", "</3"),
        ("&gt;:(", ">:("),
        ("&gt;_&lt;", ">_<"),
        ("(&gt;_&lt;)", "(>_<)"),
        (":&gt;", ":>"),
        (":&#39;(", ":'("),
        (":&#x27;)", ":')"),
        (":&apos;(", ":'("),
        (":&nbsp;)", ": )"),
        ("a&nbsp;): b", "):"),
        ("&amp;lt;3", ""),
        ("&amp;gt;:(", ":("), // unescaped once, to `&gt;:(`
        ("&amp;#39;", ""),
        ("&lt 3", ""),
        ("&LT;3", ""),    // not unescaped
        ("&#60;3", ""),   // not unescaped
        (":&quot;)", ""), // a double quote is not a tear
        ("e-mail &amp;) fim", ""),
        (":&amp;)", ""),
    ]);
}

#[test]
fn fold() {
    check(&[
        ("：）", ":)"),
        ("；）", ";)"),
        ("＝Ｄ", "=D"),
        ("ｘＤ", "xD"),
        ("Ｔ＿Ｔ", "T_T"),
        ("＼o／", "\\o/"),
        ("＜３", "<3"),
        (":\u{3000})", ": )"),
        (":’(", ":'("),
        (":‘(", ":'("),
        (":ʼ(", ":'("),
        (":`(", ":'("),
        (":′(", ":'("),
        (":\u{FF40}(", ""), // folded once, to a grave accent
        (":–)", ":-)"),
        (":—(", ":-("),
        (":−D", ":-D"),
        (":‐)", ":-)"),
        (":﹣)", ":-)"),
        ("＆lt;3", ""), // unescaping precedes folding
        ("＠user :)", ":)"),
        ("：＠user", ""), // a mention after folding
        ("＃xD", ""),
        (":“(", ""),      // a double quote is not a tear
        (":\u{A0})", ""), // white space, but not a plain space
    ]);
}

#[test]
fn delete() {
    check(&[
        (":\u{200B})", ":)"),
        (":\u{AD})", ":)"),
        (":\u{FEFF}(", ":("),
        ("\u{200E}:)\u{200F}", ":)"),
        ("x\u{2060}D", "xD"),
        (":\u{FE0F})", ":)"),
        ("❤", "❤"),
        ("❤\u{FE0F}", "❤"),
        ("❤\u{FE0E}", "❤"),
        ("☺\u{FE0F}", "☺"),
        ("👍🏿", "👍"),
        ("👏🏻👏🏼", "👏"),
        ("🙏🏽 amém", "🙏"),
        ("🏽", ""),
        ("xD\u{200B}a", ""), // the word follows the face directly
        ("a\u{200B}xD", ""),
        ("xD\u{AD}", "xD"),
        ("http\u{200B}s://a/:)", ""), // still a link
        ("@us\u{AD}er:)", ":)"),
        ("#a\u{200B}xD", ""),
    ]);
}

#[test]
fn gender() {
    check(&[
        ("🤦\u{200D}♀\u{FE0F}", "🤦"),
        ("🤦🏽\u{200D}♂\u{FE0F}", "🤦"),
        ("🙋🏻\u{200D}♀", "🙋"),
        ("🙅\u{200D}♀\u{FE0F} não", "🙅"),
        ("🤦\u{200D}\u{FE0F}♀", "🤦"), // deleted before the pair is looked for
        ("🤷\u{200D}♀\u{FE0F}", ""),   // not in the lexicon
        ("🤦\u{200D}♀\u{200D}👨", ""), // a joiner remains
        ("👍\u{200D}\u{200D}♀", ""),
        ("♀ ♂", ""),
    ]);
}
