-- Sentiment per 15 minutes over the last day.
-- Scans: the partitions of the last two days, three columns, and two more for edits.
WITH parametros AS (
    SELECT
        current_timestamp - INTERVAL '24' HOUR AS desde, -- first instant (UTC); or TIMESTAMP '2026-11-01 14:00:00'
        900 AS intervalo_s
),
instantes AS (
    SELECT CAST(floor(to_unixtime(criado_em)) AS bigint) AS instante_s, intervalo_s, sentimento
    FROM tweets_atuais
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia >= CAST(date_format(desde, '%Y%m%d') AS integer)
      AND criado_em >= desde
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
