//! Sections 5.1 to 5.3: runs, emoji and spaced smileys.

use crate::check;

#[test]
fn runs() {
    check(&[
        (":))))))", ":)"),
        (":(((((", ":("),
        (":]]]]", ":]"),
        (":[[[ oi", ":["),
        (":}}", ":}"),
        (":DDDDD", ":D"),
        ("kkk:DDD", ":D"),
        (":DDDa", ""),
        (":Dd", ""), // a different letter
        (":dd", ":d"),
        (":PPP", ":P"),
        (":ppp", ":p"),
        (":///", ":/"),
        (":\\\\", ":\\"),
        (":***", ":*"),
        (":bb", ""), // `b` has no run
        (":ccc", ""),
        (":SS", ""),
        (":33", ""), // only hearts have a run of 3
        ("<33333", "<3"),
        ("</333", "</3"),
        ("s22", ""),
        ("S2S2", ""),
        ("^^^^", "^^"),
        ("\\o//", "\\o/"),
        ("*_***", "*_*"),
        ("xDDDD", "xD"),
        ("XDXDXD", "XD"),
        ("xDxDxDa", ""),
        ("xDDxDDD", "xD"), // repeats the last character and the whole entry
        ("xdxd", "xd"),
        ("xddd", "xd"),
        ("x-(x-(", "x-("),
        ("X'DX'D", "X'D"),
        ("o///", "o/"),
        ("((:", "(:"),
        ("(::", "(:"),
        ("))): ", ""), // F4: the character before `):` is not blank
        ("😂😂😂😂", "😂"),
        (": ))))", ": )"),
        (": ((((", ": ("),
    ]);
}

#[test]
fn emoji() {
    check(&[
        ("kkk😂", "😂"),
        ("😂kkk", "😂"),
        ("2❤", "❤"),
        ("❤\u{FE0F}\u{200D}🔥", "❤\u{200D}🔥"),
        ("❤\u{200D}🔥", "❤\u{200D}🔥"),
        ("❤\u{FE0F}\u{200D}🩹", ""), // mending heart: not in the lexicon
        ("👩\u{200D}❤\u{FE0F}\u{200D}💋\u{200D}👨", ""),
        ("👨\u{200D}👩\u{200D}👧 ❤", "❤"),
        ("❤\u{200D}🔥\u{200D}a", ""), // a longer sequence
        ("😮\u{200D}💨", ""),
        ("😵\u{200D}💫 😵", ""),
        ("😶\u{200D}🌫\u{FE0F}", ""),
        ("🙂\u{200D}↕\u{FE0F}", ""),
        ("🏳\u{FE0F}\u{200D}🌈 👏", "👏"),
        ("🤔 🇧🇷 👀", ""),
        ("#❤", "❤"),
        ("@❤", "❤"),
        ("https://t.co/abc❤", "❤"),
        ("http://a.com/❤", ""),
        ("♥️", "♥"),
        ("🖤💔", "🖤"),
        ("💚💛", "💚"),
        ("🙄", "🙄"),
        ("🫶🏽", "🫶"),
        ("(😂)", "😂"),
    ]);
}

#[test]
fn spaced() {
    check(&[
        (": )", ": )"),
        (": (", ": ("),
        ("que dia : (", ": ("),
        ("que dia: (", ""),
        ("itens : (a) e (b)", ""),
        ("itens : ( a )", ""),         // a `)` follows
        (": ( http://a.com/)", ": ("), // that `)` is masked
        (": ( @a )", ""),
        (": ( 😂", ": ("),
        (": ( 😂)", "😂"),
        ("(veja : )", ""), // depth 1
        ("(veja) : )", ": )"),
        ("(veja : ) : )", ": )"), // the first closes the bracket, the second smiles
        (": )a", ""),
        (": )) a", ": )"),
        ("@user : )", ": )"),
        ("https://t.co/a: )", ": )"), // a mask is blank
        (":  )", ""),
        (":\n)", ""),
        ("; )", ""),
    ]);
}
