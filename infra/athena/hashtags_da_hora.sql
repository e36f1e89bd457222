-- Most used hashtags of the last hour, each counted once a tweet, without regard to case, beside its count in the hour before.
-- Scans: the days from `desde` to an hour after `ate`, columns `hashtags`, `criado_em`, `id` and `id_original`.
WITH parametros AS (
    SELECT
        current_timestamp - INTERVAL '2' HOUR AS desde, -- first instant of the earlier hour (UTC); or TIMESTAMP '2026-11-01 12:00:00'
        current_timestamp AS ate, -- the instant after the last one; or TIMESTAMP '2026-11-01 14:00:00'
        12 AS linhas_max
),
versoes AS ( -- the latest version of an edited tweet may be later than `ate`, by an hour at most
    SELECT *, max(id) OVER (PARTITION BY id_original) AS ultima
    FROM tweets
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN CAST(date_format(desde, '%Y%m%d') AS integer)
      AND CAST(date_format(ate + INTERVAL '1' HOUR, '%Y%m%d') AS integer)
      AND criado_em >= desde -- and so is every later version
),
contagens AS (
    SELECT
        lower(hashtag) AS hashtag,
        count(DISTINCT id) FILTER (WHERE criado_em >= ate - INTERVAL '1' HOUR) AS tweets,
        count(DISTINCT id) FILTER (WHERE criado_em < ate - INTERVAL '1' HOUR) AS tweets_antes
    FROM versoes
    CROSS JOIN UNNEST(hashtags) AS u(hashtag)
    WHERE id = ultima
      AND criado_em < ate
    GROUP BY lower(hashtag)
),
ordenadas AS (
    SELECT *, row_number() OVER (ORDER BY tweets DESC, hashtag) AS lugar
    FROM contagens
    WHERE tweets > 0
)
SELECT lugar, hashtag, tweets, tweets_antes, tweets - tweets_antes AS variacao
FROM ordenadas
CROSS JOIN parametros
WHERE lugar <= linhas_max
ORDER BY lugar
