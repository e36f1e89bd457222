-- The words of each tweet, in lower case, a row each time that one occurs: here it is decided what a word is.
-- The text is read from left to right. At each place the first of these is taken that fits, and only the last is a word:
--   a link                                http:// or https:// or www. and all up to a blank or a control character
--   a mention, a hashtag                  @ or # and letters, digits and _
--   an HTML entity                        &amp; and the like
--   a number                              what begins with a digit
--   a word                                a letter and at least one more letter, accent or digit
-- Words of palavras_vazias.txt are left out. Each version of an edited tweet counts: `FROM tweets_atuais` counts the last alone.
-- Scans: column `texto` of the days that are asked for.
-- The pattern has no `\p{...}` in brackets, where Trino takes the closing brace for a member too, and lists what ends a link.
SELECT t.id, t.criado_em, t.capturado_em, p.palavra, t.ano, t.mes, t.dia
FROM tweets AS t
CROSS JOIN UNNEST(
    regexp_extract_all(
        lower(t.texto),
        '(?:https?://|www\.)[^\x{0}-\x{20}\x{7f}-\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+|@[a-z0-9_]+|#(?:\p{L}|\p{M}|\p{N}|_)+|&#?[a-z0-9]+;|\p{N}(?:\p{L}|\p{M}|\p{N})*|(\p{L}(?:\p{L}|\p{M}|\p{N})+)',
        1
    )
) AS p(palavra)
WHERE p.palavra <> '' -- links and the like leave nothing
  AND p.palavra NOT IN (
      'ai', 'ainda', 'algo', 'algum', 'alguma', 'algumas', 'alguns', 'alguém', 'ali', 'ante', 'antes', 'ao', 'aos',
      'apenas', 'após', 'aquela', 'aquelas', 'aquele', 'aqueles', 'aqui', 'aquilo', 'as', 'assim', 'até', 'aí',
      'cada', 'com', 'como', 'contra', 'da', 'daquela', 'daquele', 'das', 'de', 'dela', 'delas', 'dele', 'deles',
      'depois', 'desde', 'dessa', 'dessas', 'desse', 'desses', 'desta', 'destas', 'deste', 'destes', 'disso', 'disto',
      'do', 'dos', 'ela', 'elas', 'ele', 'eles', 'em', 'enquanto', 'entre', 'era', 'eram', 'essa', 'essas', 'esse',
      'esses', 'esta', 'estamos', 'estar', 'estas', 'estava', 'estavam', 'este', 'estes', 'estou', 'está', 'estão',
      'eu', 'foi', 'fomos', 'for', 'foram', 'fosse', 'fui', 'há', 'isso', 'isto', 'já', 'la', 'lhe', 'lhes', 'lo',
      'logo', 'lá', 'mais', 'mas', 'me', 'mesma', 'mesmas', 'mesmo', 'mesmos', 'meu', 'meus', 'mim', 'minha',
      'minhas', 'muita', 'muitas', 'muito', 'muitos', 'na', 'nas', 'nem', 'nessa', 'nessas', 'nesse', 'nesses',
      'nesta', 'nestas', 'neste', 'nestes', 'no', 'nos', 'nossa', 'nossas', 'nosso', 'nossos', 'num', 'numa', 'não',
      'nós', 'onde', 'os', 'ou', 'outra', 'outras', 'outro', 'outros', 'para', 'pela', 'pelas', 'pelo', 'pelos',
      'per', 'pois', 'por', 'porque', 'pra', 'pras', 'pro', 'pros', 'própria', 'próprio', 'quais', 'qual', 'quando',
      'quanto', 'que', 'quem', 'quê', 'rt', 'se', 'sem', 'ser', 'será', 'seu', 'seus', 'si', 'sido', 'sob', 'sobre',
      'somos', 'sou', 'sua', 'suas', 'são', 'só', 'também', 'te', 'tem', 'temos', 'tenho', 'ter', 'teu', 'teus',
      'teve', 'ti', 'tinha', 'tive', 'toda', 'todas', 'todo', 'todos', 'tu', 'tua', 'tuas', 'tudo', 'tão', 'têm',
      'um', 'uma', 'umas', 'uns', 'vai', 'vc', 'vcs', 'você', 'vocês', 'vos', 'vão', 'às'
  )
