-- Tweets per minute over the last hour, by sentiment; a minute without tweets has zeros.
-- Scans: the days from `desde` to an hour after `ate`, columns `criado_em`, `sentimento`, `id` and `id_original`.
WITH parametros AS (
    SELECT
        date_trunc('minute', current_timestamp) - INTERVAL '59' MINUTE AS desde, -- first minute (UTC); or TIMESTAMP '2026-11-01 13:00:00'
        current_timestamp AS ate, -- the instant after the last one; or TIMESTAMP '2026-11-01 14:00:00'
        60 AS intervalo_s
),
versoes AS ( -- the latest version of an edited tweet may be later than `ate`, by an hour at most
    SELECT *, max(id) OVER (PARTITION BY id_original) AS ultima
    FROM tweets
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN CAST(date_format(desde, '%Y%m%d') AS integer)
      AND CAST(date_format(ate + INTERVAL '1' HOUR, '%Y%m%d') AS integer)
      AND criado_em >= desde -- and so is every later version
),
instantes AS (
    SELECT CAST(floor(to_unixtime(criado_em)) AS bigint) AS instante_s, intervalo_s, sentimento
    FROM versoes
    WHERE id = ultima
      AND criado_em < ate
),
contagens AS (
    SELECT
        instante_s - instante_s % intervalo_s AS contado_s,
        count(*) FILTER (WHERE sentimento = 'Positivo') AS positivos,
        count(*) FILTER (WHERE sentimento = 'Negativo') AS negativos,
        count(*) FILTER (WHERE sentimento = 'Neutro') AS neutros,
        count(*) AS tweets
    FROM instantes
    GROUP BY instante_s - instante_s % intervalo_s
),
intervalos AS (
    SELECT inicio_s
    FROM parametros
    CROSS JOIN UNNEST(
        sequence(CAST(floor(to_unixtime(desde)) AS bigint), CAST(floor(to_unixtime(ate)) AS bigint), intervalo_s)
    ) AS s(inicio_s)
)
SELECT
    from_unixtime(inicio_s) AS inicio,
    coalesce(positivos, 0) AS positivos,
    coalesce(negativos, 0) AS negativos,
    coalesce(neutros, 0) AS neutros,
    coalesce(tweets, 0) AS tweets
FROM intervalos
LEFT JOIN contagens ON contado_s = inicio_s
ORDER BY inicio
