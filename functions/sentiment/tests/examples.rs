//! The 47 worked examples of the specification.

use sentiment::Sentimento::{Negativo, Neutro, Positivo};
use sentiment::{Label, Sentimento, label};

/// Each row: number and rule in the specification, text as the API returns it, sentiment, symbol.
#[test]
fn worked_examples() {
    let examples: [(u8, &str, &str, Sentimento, Option<&str>); 47] = [
        (1, "plain smile", "Bom dia, presidente :)", Positivo, Some(":)")),
        (2, "plain frown", "Que vergonha desse governo :(", Negativo, Some(":(")),
        (3, "no symbol", "O presidente viaja amanhã para Belém.", Neutro, None),
        (4, "first symbol wins", ":( mas amanhã melhora :D", Negativo, Some(":(")),
        (5, "glued to a word", "kkk:)", Positivo, Some(":)")),
        (6, "F2 lets :D follow a letter", "obrigado:D", Positivo, Some(":D")),
        (7, "run; lexicon form reported", "ganhamos :)))))))", Positivo, Some(":)")),
        (8, "run", "perdemos :(((", Negativo, Some(":(")),
        (9, "F2: digit before :3", "coletiva às 12:30", Neutro, None),
        (10, "F2", "placar 2:3", Neutro, None),
        (11, "L1; D: followed by \\", "C:Documents e D:\\fotos", Neutro, None),
        (12, ":y is not an entry", "x:y", Neutro, None),
        (13, "8) is not an entry", "(item 8) saúde", Neutro, None),
        (14, "F4: glued ):", "(foo): bar", Neutro, None),
        (15, "F4: depth 1", "( foo ): bar", Neutro, None),
        (16, "F4 holds", "saudade da vó ): volta logo", Negativo, Some("):")),
        (17, "5.3: : is glued to a word", "(veja: )", Neutro, None),
        (18, "5.3", "Linux é bom : )", Positivo, Some(": )")),
        (19, "L5: closes the parenthesis", "(veja:)", Neutro, None),
        (20, "L5: space before the eyes", "(brincadeira :)", Positivo, Some(":)")),
        (21, "L5: run of two", "(kkk:))", Positivo, Some(":)")),
        (22, "L4: digit after (", "Tel:(61) 3411-1200", Neutro, None),
        (23, "masked; no :/", "veja em https://t.co/abc123", Neutro, None),
        (24, "t.co link ends before :", "https://t.co/abc123:)", Positivo, Some(":)")),
        (25, "truncated link masked", "RT @g1: não foi dessa vez https:/…", Neutro, None),
        (26, "L3 holds", "não sei não :/", Negativo, Some(":/")),
        (27, "F2: : before :d", "2001:db8::d e fe80::1", Neutro, None),
        (28, "unescaped once", "te amo &lt;3", Positivo, Some("<3")),
        (29, "L1", "menores de &lt;30 anos", Neutro, None),
        (30, "longest at the leftmost position", "que raiva &gt;:(", Negativo, Some(">:(")),
        (31, "one pass only: text is &lt;3", "&amp;lt;3", Neutro, None),
        (32, "mention masked first", ":@user123 responde", Neutro, None),
        (33, "hashtags masked", "#xD e #T_T", Neutro, None),
        (34, "whole-entry run", "kkkkk xDxDxD", Positivo, Some("xD")),
        (35, "VS16 deleted", "Adorei ❤\u{FE0F}", Positivo, Some("❤")),
        (36, "skin tone deleted", "apoiado 👍🏽", Positivo, Some("👍")),
        (37, "gender ZWJ deleted", "aff 🤦🏽\u{200D}♀\u{FE0F}", Negativo, Some("🤦")),
        (38, "5.2: ZWJ sequence not in the lexicon", "casal 👨\u{200D}❤\u{FE0F}\u{200D}👨", Neutro, None),
        (39, "full width folded", "：） tudo bem", Positivo, Some(":)")),
        (40, "acute accent folded", ":´( acabou", Negativo, Some(":'(")),
        (41, "L8 holds", "que susto D:", Negativo, Some("D:")),
        (42, "L8: a word follows", "Classe D: renda menor", Neutro, None),
        (43, "L7: forward face wins", "(:D", Positivo, Some(":D")),
        (44, "kaomoji", "T_T perdi", Negativo, Some("T_T")),
        (45, "Brazilian wave", "e aí galera o/", Positivo, Some("o/")),
        (46, "head shake is a ZWJ sequence", "oi 🙂\u{200D}↔\u{FE0F}", Neutro, None),
        (47, "deliberately absent from the lexicon", "hmm :| :v 🤔", Neutro, None),
    ];
    for (number, rule, text, sentimento, simbolo) in examples {
        assert_eq!(label(text), Label { sentimento, simbolo }, "example {number}, {rule}: {text}");
    }
}
