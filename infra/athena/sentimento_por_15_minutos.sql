-- Sentiment per 15 minutes over the last day.
-- Scans: the days from `desde` to an hour after `ate`, columns `criado_em`, `sentimento`, `id` and `id_original`.
WITH parametros AS (
    SELECT
        current_timestamp - INTERVAL '24' HOUR AS desde, -- first instant (UTC); or TIMESTAMP '2026-11-01 14:00:00'
        current_timestamp AS ate, -- the instant after the last one; or TIMESTAMP '2026-11-02 14:00:00'
        900 AS intervalo_s
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
)
SELECT
    from_unixtime(instante_s - instante_s % intervalo_s) AS inicio,
    count(*) FILTER (WHERE sentimento = 'Positivo') AS positivos,
    count(*) FILTER (WHERE sentimento = 'Negativo') AS negativos,
    count(*) FILTER (WHERE sentimento = 'Neutro') AS neutros,
    count(*) AS tweets
FROM instantes
GROUP BY instante_s - instante_s % intervalo_s
ORDER BY inicio DESC
