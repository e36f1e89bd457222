// The words of the page, in both languages. Names of columns and values of the data stay as they are.
"use strict";

const PT = {
  title: "Tweets sobre o presidente", skip: "Ir para os gráficos", licences: "Licenças", numbers: "Números",
  loading: "Carregando…", live: "Ao vivo", lost: "O servidor não responde. Tentando de novo…", computing: "calculando…",
  emulated: "dados emulados", real: "posts do X", zone: "horários em {zone}", data: "dados de {time}", lake: "lake {lake}", period: "{from} a {to}, dias em UTC",
  posts: "Posts", today: "Posts hoje", today_note: "desde 0 h em Brasília", captured: "Última captura", never: "nunca", lag: "Atraso", lag_note: "do post mais novo até a captura",
  month: "Posts do mês", free: "emulados: custam nada", waiting: "Arquivos esperando", rejected: "Rejeitados", reason: "ver o motivo", stopped: "A captura parou?",
  seconds: "{n} s", unknown: "—", problems: "Não pôde ser lido",
  posts_por_minuto: "Posts por minuto, última hora", sentimento_por_15_minutos: "Sentimento por 15 minutos, últimas 24 horas",
  palavras_da_hora: "Palavras, última hora", hashtags_da_hora: "Hashtags, última hora", simbolos_da_hora: "Símbolos, última hora",
  ritmo_por_hora_e_dia: "Ritmo: dia da semana e hora, Brasília", ultimos_posts: "Últimos posts", saude_horas_sem_tweets: "Horas sem posts",
  sentimento_por_dia: "Sentimento por dia", palavras_por_dia: "Palavras", hashtags: "Hashtags", simbolos: "Símbolos", mais_curtidos: "Posts mais curtidos",
  shares: "{posts} posts: {positive} positivos, {neutral} neutros, {negative} negativos", none: "Nenhum post neste período.",
  first: "{label} lidera com {count}.", mark: "Traço: a hora anterior.", arrows: "▲ positivo, ▼ negativo.", busiest: "Máximo: {posts} posts, {day} {hour}.",
  cell: "{day} {hour}: {n} posts", gaps: "Horas vazias nos últimos sete dias: {n}. Noites calmas, ou pausas da captura.", band: "ainda sem captura", band_hours: "sem posts", table: "Tabela: {title}", failed: "A pergunta {question} falhou: {error}",
  empty: "Nenhum post ainda. Traga alguns, em outro terminal:", chart: "{title}. {sentence} A tabela vem a seguir.",
};
const EN = {
  title: "Tweets about the President", skip: "Skip to the charts", licences: "Licences", numbers: "Numbers",
  loading: "Loading…", live: "Live", lost: "The server does not answer. Trying again…", computing: "computing…",
  emulated: "emulated data", real: "posts of X", zone: "times in {zone}", data: "data of {time}", lake: "lake {lake}", period: "{from} to {to}, days in UTC",
  posts: "Posts", today: "Posts today", today_note: "since midnight in Brasília", captured: "Last capture", never: "never", lag: "Lag", lag_note: "from the newest post to its capture",
  month: "Posts this month", free: "emulated: they cost nothing", waiting: "Files waiting", rejected: "Rejected", reason: "see why", stopped: "Has the capture stopped?",
  seconds: "{n} s", unknown: "—", problems: "Could not be read",
  posts_por_minuto: "Posts per minute, last hour", sentimento_por_15_minutos: "Sentiment per 15 minutes, last 24 hours",
  palavras_da_hora: "Words, last hour", hashtags_da_hora: "Hashtags, last hour", simbolos_da_hora: "Symbols, last hour",
  ritmo_por_hora_e_dia: "Rhythm: weekday and hour, Brasília", ultimos_posts: "Latest posts", saude_horas_sem_tweets: "Hours without posts",
  sentimento_por_dia: "Sentiment per day", palavras_por_dia: "Words", hashtags: "Hashtags", simbolos: "Symbols", mais_curtidos: "Most liked posts",
  shares: "{posts} posts: {positive} positive, {neutral} neutral, {negative} negative", none: "No posts in this period.",
  first: "{label} leads with {count}.", mark: "Line: the hour before.", arrows: "▲ positive, ▼ negative.", busiest: "Most: {posts} posts, {day} {hour}.",
  cell: "{day} {hour}: {n} posts", gaps: "Empty hours in the last seven days: {n}. Quiet nights, or pauses of the capture.", band: "not captured yet", band_hours: "no posts", table: "Table: {title}", failed: "Question {question} failed: {error}",
  empty: "No posts yet. Bring some, in another terminal:", chart: "{title}. {sentence} The table follows.",
};
