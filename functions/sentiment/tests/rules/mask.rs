//! Section 3: mask what is not prose.

use crate::check;

#[test]
fn links() {
    check(&[
        ("https://t.co/xD", ""),
        ("https://t.co/abc:)", ":)"),
        ("https://t.co/abc :)", ":)"),
        ("https://t.co/:)", ":)"),
        ("HTTPS://T.CO/aXD:(", ":("),
        ("http://t.co/a:/", ":/"),
        ("olhahttps://t.co/abc:)", ":)"),
        (":)https://t.co/abc", ":)"),
        (":(https://t.co/abc", ""),   // L4: a mask follows
        ("s2https://t.co/abc", "s2"), // L1: a mask is not a word
        ("https://t.co/abc…:)", ":)"),
        ("https://t.co/a_b :)", ":)"),
        ("https://t.co/abçxD", ""), // `ç` ends the link and is a word character before `xD`
        ("https://globo.com/a:)", ""),
        ("https://globo.com/:) :(", ":("),
        ("http://a.com?q=(:", ""),
        ("http:/ :)", ":)"),
        ("https:/:)", ""),
        ("Https:/…", ":/"), // only t.co links are matched in any case
        ("HTTP://A.COM/XD", "XD"),
        ("http:) é isso", ":)"), // a link needs a slash
        ("http :/", ":/"),
        ("https://t.com.br/:)", ""),
        ("https://t.co :)", ":)"),
        ("http://x/https://t.co/a:) b", ""),
        ("(http://x.com/) :)", ":)"),
        ("ftp://a", ""), // L3: `:/` before a slash
        ("C:/a", ""),
        ("://", ":/"),              // the second slash is a run
        ("http://a\u{A0}:)", ":)"), // any white space ends a link
        ("http://a\u{3000}:)", ":)"),
    ]);
}

#[test]
fn www() {
    check(&[
        ("www.site.com/:)", ""),
        ("WWW.SITE.COM/:)", ":)"),      // only lower case is masked
        ("o/www.https://t.co/a", "o/"), // L3: `www.` before a mask is masked itself
        ("www.site.com :)", ":)"),
        ("(www.a.com/xD)", ""),
        ("awww.:)", ":)"),
        ("www. :)", ":)"),
        ("www :)", ":)"),
        ("www.a.com/https://t.co/b:)", ":)"),
        ("@a www.b:( :)", ":)"),
    ]);
}

#[test]
fn mentions_and_hashtags() {
    check(&[
        ("@xD", ""),
        ("@T_T oi", ""),
        ("@user:)", ":)"),
        ("@user :)", ":)"),
        ("@user:(", ":("),
        (".@xD", ""),
        ("@ xD", "xD"),
        ("@@xD", ""),
        ("@a@s2", ""),     // the mask before the second `@` is not a word
        ("nome@s2", "s2"), // an email address is not a mention
        ("@João:)", ":)"),
        (":@ que raiva", ":@"),
        (":@", ":@"),
        (":@fulano", ""),
        (":@é", ""), // not a mention; L6 refuses `:@`
        ("#s2", ""),
        ("#amor s2", "s2"),
        ("#amor:)", ":)"),
        ("#Ação_xD", ""),
        ("a#xD", "xD"), // not a hashtag
        ("#a#s2", ""),
        ("#:)", ":)"),
        ("##xD", ""),
        ("#1\u{FE0F}\u{20E3}xD", ""),
        ("#e\u{301}s2", ""),
        (":D#tag", ":D"), // not a hashtag after `D`, and `#` is not a word character
        (":)#tag", ":)"),
        (":(#tag", ""), // L4: a mask follows
        ("#nahttps://t.co/x:)", ":)"),
        ("@g1https://t.co/x:)", ":)"),
    ]);
}

/// Entities that are left after the one pass of section 2.
#[test]
fn entities() {
    check(&[
        ("investimento em P&amp;amp;D cresce", ""),
        ("P&amp;D", ""),
        ("&amp;amp;)", ""),
        ("&amp;amp;;)", ";)"),
        ("&amp;amp; ;)", ";)"),
        ("&amp;lt;3", ""),
        ("te amo &amp;lt;3 &lt;3", "<3"),
        ("&copy;)", ""), // not unescaped, since section 2 does not list it
        ("＆amp;)", ""),
        ("&am\u{200B}p;)", ""),
        // numbers
        ("&amp;#39;)", ""),
        ("&amp;#x27;)", ""),
        ("&#128525;)", ""),
        ("&#1234567;)", ""),
        ("&#12345678;)", ";)"), // a hashtag
        ("&#X1F60D;)", ""),
        ("&#x10FFFF;)", ""),
        ("&#x1234567;)", ";)"), // a hashtag
        ("&#;)", ";)"),
        ("&#x;)", ";)"),
        ("&#g;)", ";)"),
        // names
        ("&ab;)", ""),
        ("&a;)", ";)"), // a letter, then at least one more
        ("&a1;)", ""),
        ("&1a;)", ";)"),
        ("&ação;)", ";)"),
        ("&abcdefghijklmnopqrstuvwxyzabcde;)", ""), // 31 letters
        ("&abcdefghijklmnopqrstuvwxyzabcdef;)", ";)"),
        // cut off
        ("fim &amp;amp", ""),
        ("fim &amp;am", ""),
        ("fim &amp;amp :)", ":)"),
        ("P&amp;amp… ;D", ";D"),
        // next to other masks
        ("https://a.com/?b=1&amp;amp;c=2;) :)", ":)"),
        ("https://t.co/a&amp;amp;)", ""),
        ("www.a.com/?b&amp;amp;D", ""),
        ("@a&amp;amp;D", ""),
        ("@a&amp;amp;;)", ";)"),
        ("#a&amp;amp;)", ""),
        ("&amp;amp;@a:)", ":)"),
        ("&amp;@a;)", ";)"),
        ("&amp;&amp;amp;)", ""),
        // a mask is blank and not a word
        ("obrigado&amp;amp;:D", ":D"),
        ("a&amp;amp;xD", "xD"),
        ("s2&amp;amp;", "s2"),
        (":(&amp;", ":("),
        (":(&amp;amp;", ""), // L4
        ("D: &amp;amp;", "D:"),
        ("&amp;amp;❤", "❤"),
    ]);
}
