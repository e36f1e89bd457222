//! The words of the generated posts, in Brazilian Portuguese.
//!
//! No person is named. Each core phrase contains one of the terms of the project's default query, so that the query
//! finds every post. The texts here are unescaped; `&`, `<` and `>` are escaped when a post is composed.

/// A word of no language, in the path of a link in every text: a search for it in logs finds leaked tweets. No saved
/// question counts it, because a link is not a word.
pub const MARKER_WORD: &str = "zarpelim";

pub(super) const OPENERS: [&str; 18] = [
    "",
    "",
    "",
    "",
    "Bom dia! ",
    "Boa noite, Brasília. ",
    "Gente, ",
    "Urgente: ",
    "Olha só: ",
    "Atenção: ",
    "Sem palavras... ",
    "Vamos lá: ",
    "Kkkkk ",
    "Na boa, ",
    "Pessoal, ",
    "Sério? ",
    "Resumo do dia:\n",
    "Opinião impopular:\n\n",
];

/// Approving core phrases.
pub(super) const PRAISE: [&str; 14] = [
    "que discurso bonito do presidente do Brasil hoje",
    "orgulho de ver o presidente brasileiro falando de educação",
    "parabéns, @planalto, a fila do posto andou",
    "o Palácio do Planalto acertou em cheio com o programa de creches",
    "a presidência do Brasil fez bonito na cúpula do clima",
    "finalmente o presidente do Brasil ouviu os professores",
    "obrigado @planalto pela vacina no sertão",
    "o presidente da República visitou os ribeirinhos e o Brasil inteiro viu",
    "gostei do recado que saiu do Palácio do Planalto sobre o salário mínimo",
    "o presidente brasileiro foi aplaudido de pé na assembleia",
    "hoje a presidência do Brasil mandou bem demais no saneamento",
    "meu avô chorou ouvindo o presidente do Brasil no rádio",
    "o anúncio do @planalto sobre energia solar é tudo que eu queria",
    "dá esperança ver o presidente da República cobrar obra parada no Brasil",
];

/// Disapproving core phrases.
pub(super) const COMPLAINT: [&str; 14] = [
    "que vergonha desse pronunciamento do presidente do Brasil",
    "o presidente brasileiro prometeu e não cumpriu, de novo",
    "@planalto cadê a ponte que era pra ficar pronta em março",
    "o Palácio do Planalto continua sem responder sobre o apagão",
    "a presidência do Brasil errou feio no decreto da pesca",
    "tô cansada de esperar resposta do @planalto",
    "o presidente do Brasil viaja e a inflação fica",
    "mais uma nota do Palácio do Planalto que não diz nada",
    "o presidente da República devia andar de ônibus no Brasil real",
    "decepção com o presidente brasileiro nessa história do leilão",
    "a presidência do Brasil gasta & a gente paga",
    "não acredito que o presidente do Brasil vetou o reajuste",
    "ô @planalto, a creche daqui segue fechada",
    "o presidente da República sumiu e os brasileiros que se virem",
];

/// Neutral core phrases.
pub(super) const NEWS: [&str; 16] = [
    "o presidente do Brasil viaja amanhã para Belém",
    "coletiva no Palácio do Planalto às 12:30",
    "a agenda da presidência do Brasil foi publicada às 8:05",
    "@planalto publicou o decreto no Diário Oficial",
    "o presidente brasileiro recebe governadores na quinta-feira",
    "alguém sabe a que horas fala o presidente do Brasil",
    "trânsito lento perto do Palácio do Planalto (Esplanada)",
    "o presidente da República sancionou a lei em Brasília",
    "pesquisa: como você avalia a presidência do Brasil? (item 8)",
    "reunião no Palácio do Planalto termina sem acordo",
    "o presidente do Brasil & a comitiva chegaram a Manaus",
    "telefone da ouvidoria do @planalto: Tel:(61) 0000-0000",
    "placar da votação do veto do presidente brasileiro: 2:3 na comissão",
    "menores de <30 anos e o presidente do Brasil: o que diz a pesquisa",
    "transmissão ao vivo do presidente da República para todo o Brasil em 10 min",
    "posse na presidência do Brasil muda de data a partir do próximo mandato",
];

pub(super) const TAILS: [&str; 18] = [
    "",
    "",
    "",
    "",
    " O que vocês acham?",
    " Compartilhem!",
    " Minha mãe não vai acreditar.",
    " Nem li tudo ainda.",
    " Isso vale pra cidade pequena também?",
    " Saúde & educação primeiro.",
    " \"Prioridade é gente\", diz a nota.",
    " Aqui em São João del-Rei tá chovendo.",
    " É isso.",
    "\n\nSegue o fio 🧵",
    "\nFonte: Agência",
    " Amanhã tem mais...",
    " Às 19h eu comento.",
    " Põe na conta, coração.",
];

/// Positive symbols of the lexicon: plain, long, glued, with skin tones, joiners and selectors.
pub(super) const SMILES: [&str; 40] = [
    ":)",
    ":-)",
    ":D",
    ":)))))",
    ";)",
    "=)",
    "<3",
    "xD",
    "XD",
    "o/",
    "\\o/",
    "^^",
    ":*",
    ":p",
    "s2",
    "8-)",
    ": )",
    "(:",
    "*-*",
    "❤️",
    "❤️‍🔥",
    "😂",
    "😂😂😂",
    "🤣",
    "👏👏",
    "👏🏾",
    "👍",
    "👍🏽",
    "🙏🏿",
    "🙌🏻",
    "💚💛",
    "😍",
    "🥰",
    "🎉",
    "💪🏼",
    "😊",
    "🙋🏽‍♀️",
    "🥳",
    "🫶🏻",
    "😻",
];

/// Negative symbols of the lexicon.
pub(super) const FROWNS: [&str; 36] = [
    ":(",
    ":-(",
    ":(((",
    ":'(",
    "=(",
    ":/",
    ":-/",
    ":\\",
    "D:",
    ">:(",
    ">_<",
    "-_-",
    "T_T",
    ";_;",
    ":@",
    "</3",
    ":S",
    ": (",
    "😡",
    "🤬",
    "😢",
    "😭",
    "😭😭",
    "🤦",
    "🤦🏽‍♀️",
    "🤦🏻‍♂️",
    "🙄",
    "👎",
    "👎🏿",
    "💔",
    "🤮",
    "😠",
    "💩",
    "😤",
    "☹️",
    "😒",
];

/// Signs without a meaning in the lexicon.
pub(super) const TRAPS: [&str; 12] = ["", "", "", "", "🤔", ":|", ":v", "👀", "👨‍❤️‍👨", "🇧🇷", "🙂‍↔️", "(foo): bar"];

pub(super) const HASHTAGS: [&str; 16] = [
    "#Brasil",
    "#Brasília",
    "#Planalto",
    "#Política",
    "#Educação",
    "#Saúde",
    "#Economia",
    "#AoVivo",
    "#BomDia",
    "#Amazônia",
    "#SaláriosDignos",
    "#Clima2026",
    "#xD",
    "#TBT",
    "#Eleições",
    "#Cultura",
];

/// Accounts that posts mention; all but `@planalto` are fictitious.
pub(super) const HANDLES: [&str; 10] = [
    "planalto",
    "radio_cerrado_x",
    "jornal_ipe_x",
    "tv_buriti_x",
    "blog_do_cafe_x",
    "fala_sertao_x",
    "agencia_pequi_x",
    "coletivo_ara_x",
    "portal_sabia_x",
    "o_tucunare_x",
];

/// Paragraphs of long posts, appended after the first sentence.
pub(super) const PARAGRAPHS: [&str; 10] = [
    "Quem mora longe da capital sabe: a estrada de terra vira lama em dezembro & o ônibus escolar não passa. Já foram três promessas, duas audiências públicas e nenhuma máquina na pista.",
    "Eu trabalhei trinta e dois anos na rede pública. Vi governo entrar, governo sair, e a merenda continuar dependendo da boa vontade de quem cozinha.",
    "Os números são estes: 1) fila de 40 dias; 2) 12 médicos para 9 municípios; 3) uma ambulância. Nada disso cabe num palanque.",
    "Por outro lado, a reforma da praça saiu, a biblioteca reabriu e as crianças voltaram a ter aula de música às terças. Nem tudo é tragédia, né?",
    "Não é sobre direita ou esquerda, é sobre água na torneira. Água! Em pleno século XXI, a 80 km de uma hidrelétrica.",
    "Quem quiser conferir, o documento está aberto no portal; são 214 páginas, e a tabela da página 37 diz tudo: >60% do orçamento ficou parado.",
    "Minha avó dizia: \"promessa é dívida\". Então a conta está atrasada, com juros, correção monetária e muita paciência.",
    "E antes que perguntem: não, eu não ganho nada com isso. Escrevo porque meu filho vai herdar este país, e eu queria entregar uma versão melhor. <3",
    "Fui à audiência, ouvi todo mundo, anotei. Teve grito, teve choro, teve café frio. Saiu um compromisso por escrito, e isso já é mais do que nos últimos anos.",
    "Amanhã eu volto com fotos, os contratos e a lista de quem votou em quê. Guardem este texto, cobrem de mim também.",
];

/// Text that an edit appends, by edit number.
pub(super) const EDIT_NOTES: [&str; 3] = ["\n\nEdit: corrigi a data.", "\n\nEdit 2: o nome da cidade também.", "\n\nEdit 3: agora vai."];

/// Words of generated user names; a number follows.
pub(super) const USER_WORDS: [&str; 16] = [
    "leitor", "cidada", "cerrado", "pequi", "ipe", "sabia", "buriti", "caju", "mate", "tapioca", "baiao", "gralha", "umbu", "jatoba",
    "lobo", "cafe",
];

/// Display names of users.
pub(super) const USER_TITLES: [&str; 8] = [
    "Leitora do Sertão",
    "Café & Política",
    "Cidadão do Cerrado ☕",
    "Voz da Feira",
    "Torcida do Ipê 🌳",
    "Gente da Beira-Rio",
    "Diário de Ônibus",
    "Prosa da Serra",
];

/// Places: id, name, full name, country code, type, south-west and north-east corners as X would spell the numbers.
pub(super) const PLACES: [(&str, &str, &str, &str, &str, &str); 6] = [
    ("68e019afec7d0ba5", "São Paulo", "São Paulo, Brasil", "BR", "city", "[-46.826039,-24.008814,-46.365052,-23.356792]"),
    ("97bcdfca1a2dca59", "Rio de Janeiro", "Rio de Janeiro, Brasil", "BR", "city", "[-43.795449,-23.08302,-43.087707,-22.739823]"),
    ("3aa2d0a2b1a5c2f1", "Brasília", "Brasília, Distrito Federal", "BR", "city", "[-4.8285e1,-1.60500e1,-47.308,-15.5]"),
    ("4029837e46e8e369", "Belém", "Belém, Pará", "BR", "city", "[-48.62,-1.53,-48.3,-1.0e0]"),
    ("d9d978b087a92583", "Recife", "Recife, Pernambuco", "BR", "city", "[-35.02,-8.16,-34.86,-7.93]"),
    ("1b107df3ccc0aaa1", "Brasil", "Brasil", "BR", "country", "[-73.9830625,-33.7506241,-28.6341164,5.2717864]"),
];

pub(super) const SITES: [&str; 5] = [
    "https://noticias.example/politica/",
    "https://www.diario.example/brasilia/2026/",
    "https://video.example/assistir?v=",
    "https://blog.example/opiniao/caf%C3%A9-",
    "https://gov.example/planalto/agenda?data=",
];
