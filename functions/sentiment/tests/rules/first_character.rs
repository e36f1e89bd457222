//! Section 5.4: rules by the first character.

use crate::check;

#[test]
fn f1_a_word_does_not_end_in_a_face() {
    check(&[
        ("kkkxD", ""),
        ("kkk xD", "xD"),
        ("2xD", ""),
        ("(xD)", "xD"),
        (".xD", "xD"),
        ("_xD", ""),
        ("éxD", ""),
        ("e\u{301}xD", ""),
        ("1\u{FE0F}\u{20E3}xD", ""), // a keycap is part of a word
        ("alo/", ""),
        ("alô o/", "o/"),
        ("-o/", "o/"),
        ("gol s2", "s2"),
        ("pis2", ""),
        ("classe2 S2", "S2"),
        ("B-)", "B-)"),
        ("AB-)", ""),
        ("8-)", "8-)"),
        ("18-)", ""),
        ("8-D", "8-D"),
        ("aD:", ""),
        ("AD: fim", ""),
        ("OT_T", ""),
        ("😂xD", "😂"),
        ("👀xD", "xD"),
    ]);
}

#[test]
fn f2_letters_after_eyes() {
    check(&[
        ("obrigada:P", ":P"),
        ("obrigada:p", ":p"),
        ("obrigada;D", ";D"),
        ("obrigada=D", ""),
        ("obrigada:d", ""),
        ("obrigada:3", ""),
        ("obrigada:c", ""),
        ("obrigada:s", ""),
        ("obrigada:'D", ":'D"),
        ("obrigada:-D", ":-D"),
        ("obrigada =D", "=D"),
        ("5:D", ""),
        ("5:P", ""),
        ("5 :D", ":D"),
        ("::D", ""),
        (":::3", ""),
        ("c::D", ""),
        ("às 10:30h", ""),
        ("às 10:3", ""),
        ("Mateus 5:3", ""),
        (":3", ":3"),
        ("fofo :3", ":3"),
        ("(:3", ":3"),
        ("Atenção:Depois", ""), // L1
        ("Obs:D", ":D"),
        ("a:Þ", ""),
        (":Þ", ":Þ"),
        ("_:D", ":D"),
    ]);
}

#[test]
fn f3_double_equals() {
    check(&[
        ("==)", ""),
        ("===D", ""),
        ("a == D", ""),
        ("a=)", "=)"),
        ("2=)", "=)"),
        ("=)", "=)"),
        ("x =/ y", "=/"),
        ("x =/= y", "=/"), // the specification taken literally
    ]);
}

#[test]
fn f4_closing_brackets_that_start_faces() {
    check(&[
        ("): que dia", "):"),
        ("que dia ):", "):"),
        ("que dia):", ""),
        ("(que dia ):", ""),
        ("(que) dia ):", "):"),
        ("((a) b ):", ""),
        ("b) c ):", "):"), // depth never goes below 0
        (":( b ):", ":("),
        ("@a ):", "):"),
        ("@a):", "):"), // a mask is blank
        ("]: que dia", "]:"),
        ("[a ]:", ""),
        ("(a ]:", "]:"), // a different kind of bracket
        (")-': triste", ")-':"),
        (")= ", ")="),
        ("f(x)=2", ""),
        ("f(x )=2", ""),
        (")=2", ""),                 // L7
        ("http://a.com/( ):", "):"), // masked brackets do not count
        ("😀):", "😀"),
        ("👀):", ""),
    ]);
}

#[test]
fn f5_opening_square_brackets() {
    check(&[
        ("[: oi", "[:"),
        ("[= oi", "[="),
        ("a[: oi", ""),
        ("v[:]", ""),
        ("[:]", ""), // F5 refuses `[:`, L5 refuses `:]`
        ("[ :]", ":]"),
        ("[:]]", ":]"), // F5 refuses `[:`, L5 allows `:]` with a run
        ("x[:-1]", ""),
        ("[:a]", ""),
    ]);
}

#[test]
fn f6_kaomoji() {
    check(&[
        ("gol\\o/", "\\o/"),
        ("gol^^", "^^"),
        ("gol^_^", "^_^"),
        ("gol;_;", ";_;"),
        ("2^^", ""),
        ("2^^3", ""),
        ("8\\o/", "o/"), // F6 refuses `\o/` after a digit, F1 allows `o/` after a backslash
        ("gol-_-", ""),
        ("gol *-*", "*-*"),
        ("gol*-*", ""),
        ("--_-", ""),
        ("**_*", ""),
        ("-_-", "-_-"),
        ("-_-a", ""),
        ("-__-", "-__-"),
        ("-___-", ""),
        ("T_Ta", ""),
        ("T_T!", "T_T"),
        ("t_t", "t_t"),
        ("a(^_^)", "^_^"),
        ("(^_^)b", "^_^"), // a word follows `(^_^)`, but not `^_^`
        ("^_^)", "^_^"),
        (";;_;", ""),
        ("^-^", "^-^"),
        ("&gt;.&lt;", ">.<"),
        ("Q.Q", "Q.Q"),
        ("T.T", "T.T"),
        ("ET.T", ""),
        ("o/ bom dia", "o/"),
        ("o/a", ""),
        ("e/o/a", ""),
        ("ele o/ela", ""),
        ("\\õ/", "\\õ/"),
        ("\\0/", "\\0/"),
        ("\\o/\\o/", "\\o/"),
    ]);
}

#[test]
fn f7_hearts_and_numbers() {
    check(&[("2<3", ""), ("2 <3", "<3"), ("amo<3", "<3"), ("2&lt;3", ""), ("1</3", ""), ("x<3", "<3"), ("</3", "</3")]);
}
