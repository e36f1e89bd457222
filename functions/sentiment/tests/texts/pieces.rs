//! The pieces of the generated texts and of the fuzzer.

/// Everything but the symbols themselves.
pub const PIECES: &[&str] = &[
    // words, digits, white space
    "a", "D", "P", "x", "X", "o", "O", "s", "T", "c", "não", "É", "e\u{301}", "ção", "kkk", "presidente", "word_", "8", "0",
    "2", "3", "12", "30", "1º", "½", "2\u{20E3}", "中", " ", " ", " ", " ", "  ", "\n", "\r\n", "\t", "\u{A0}", "\u{3000}",
    "\u{2028}",
    // punctuation, half of it the beginning or the end of a symbol
    "(", "(", ")", ")", "[", "]", "{", "}", ":", ":", ";", "=", "/", "\\", "*", "^", "'", "\"", "“", "”", "…", ".", ",", "!",
    "?", "%", "-", "_", "<", ">", "|", "@", "#", "~", "+", "$",
    // masks
    "https://t.co/aB3", "http://t.co/", "HTTPS://T.CO/x", "https://", "http:/", "Http:/…", "https", "http", "h", "https:/",
    "http://a.com/(x):)", "t.co/", "www.", "Www.a.com", "www", "w", "@g1", "@user_D", "@", "#xD", "#ação", "#", "//",
    // section 2
    "&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#39;", "&#x27;", "&nbsp;", "&", "amp;", "&lt", "&amp;lt;", "：", "）", "（",
    "Ｄ", "＝", "３", "\u{FF40}", "‘", "’", "ʼ", "´", "`", "′", "–", "−", "﹣", "\u{AD}", "\u{200B}", "\u{200C}", "\u{200E}",
    "\u{202A}", "\u{2060}", "\u{FEFF}", "\u{FE0E}", "\u{FE0F}", "🏻", "🏽", "🏿",
    // emoji
    "\u{200D}", "\u{200D}", "\u{200D}♀\u{FE0F}", "\u{200D}♂", "♀", "♂", "🔥", "👨", "🤔", "🏳", "🇧🇷", "\u{200D}👨", "❤\u{FE0F}",
    "❤\u{FE0F}\u{200D}🔥",
    // what the long rules are about
    ": )", ": (", "D:", "D-:", "):", "(:", "[:", "]:", ":)", ":(", ":D", ":/", ":3", "<3", "xD", "xDDxD", "^^", "T_T", "\\o/",
    "o/", "s2",
];
