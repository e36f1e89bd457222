//! Invented tweets in the style of a search about Brazilian politics, the same in every run.

const SENTENCES: &[&str] = &[
    "O presidente fez um pronunciamento hoje e muita gente ainda está tentando entender o que muda na prática.",
    "Alguém mais assistiu à entrevista às 12:30? Achei que faltou falar de educação e saúde.",
    "Mais uma promessa sobre a reforma tributária. Vamos ver se dessa vez sai do papel",
    "Congresso &amp; Planalto negociam o salário mínimo desde cedo, sem acordo até agora",
    "Pesquisa nova: 43% aprovam, 38% desaprovam (margem de 2 pontos)",
    "O ministro disse uma coisa e o presidente disse outra, \"prioridade\" é o que não falta",
    "bom dia pra quem acordou cedo e já está na fila do ônibus kkkkkk",
    "Queria só um café e um dia sem notícia de Brasília",
    "Acabou a luz aqui no bairro de novo, terceira vez na semana!!!",
    "NÃO É POSSÍVEL QUE VAI SER ASSIM ATÉ O FIM DO MÊS",
    "Meu time perdeu de 2x1 e ainda tenho que ler sobre a taxa de juros…",
    "se o salário subisse mais que a inflação eu nem reclamava",
    "“A prioridade é o emprego”, disse o senador, e depois não apareceu na votação",
    "Vocês viram o decreto novo? Art. 12, inciso II, fala de transporte público",
    "que saudade de quando a gente discutia novela e não política rsrs",
    "Obrigado a quem compartilhou, chegamos em 25 mil assinaturas pela Amazônia",
    "Tá todo mundo falando do projeto mas ninguém leu inteiro",
    "Procurei a íntegra do discurso e não achei, alguém tem o link?",
    "Chuva forte na serra, fiquem em casa se puderem\n\nAulas suspensas até amanhã",
    "Fonte: Diário Oficial, pág. 61. Assunto: moradia popular",
];
const TAGS: &[&str] = &["#Brasil", "#BomDia", "#Eleições2026", "#ForaFulano", "#Economia", "#BBB26"];
const USERS: &[&str] = &["@g1", "@fulano_de_tal", "@MariaD1987", "@presidencia", "@jornal_hoje"];
const EMOJI: &[&str] = &["🤔", "🔥", "🇧🇷", "👀", "🤡", "⚽", "✅", "☕", "🌧️", "📊"];
const SYMBOLS: &[&str] = &[
    ":)",
    ":)",
    ":(",
    ":(",
    ":D",
    ":/",
    "=)",
    "xD",
    "&lt;3",
    "T_T",
    "^^",
    ";)",
    "D:",
    ":'(",
    "😂",
    "😂😂😂",
    "❤️",
    "👏👏👏",
    "🙏",
    "😡",
    "😭",
    "😍",
    "👍🏽",
    "🤦🏽‍♀️",
    "🎉",
];

/// A random number generator (splitmix64) with a fixed seed, so that every run labels the same tweets.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap_or_default()
    }

    fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    fn pick(&mut self, from: &'static [&'static str]) -> &'static str {
        from[self.below(from.len())]
    }
}

pub fn generate(tweets: usize) -> Vec<String> {
    let mut numbers = Numbers(2026);
    (0..tweets).map(|_| tweet(&mut numbers)).collect()
}

/// Returns one to four sentences, 200 bytes on average. A quarter of the tweets have a symbol, a third a link, a quarter start
/// with a mention, and an eighth contain an entity, a variation selector or a skin tone and must be normalised.
fn tweet(numbers: &mut Numbers) -> String {
    let mut words = Vec::new();
    if numbers.percent(25) {
        words.push(numbers.pick(USERS).to_owned());
    }
    for _ in 0..=numbers.below(4) {
        words.push(numbers.pick(SENTENCES).to_owned());
        if numbers.percent(10) {
            words.push(numbers.pick(SYMBOLS).to_owned());
        }
        if numbers.percent(10) {
            words.push(numbers.pick(TAGS).to_owned());
        }
        if numbers.percent(5) {
            words.push(numbers.pick(EMOJI).to_owned());
        }
    }
    if numbers.percent(33) {
        words.push(format!("https://t.co/{:010x}", numbers.below(usize::MAX) & 0xFF_FFFF_FFFF));
    }
    words.join(" ")
}
