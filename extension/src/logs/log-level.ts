export type LogLevel = 'error' | 'warn' | 'info';

const patterns: [LogLevel, RegExp][] = [
  [
    'error',
    /\b(?:ERROR|ERR|FATAL|CRITICAL|PANIC|EMERG|ALERT|CRIT|SEVERE)\b|\blevel"?[=:]\s*"?(?:error|fatal|panic)\b|^(?:\w*(?:Error|Exception)):|^Traceback |^panic: |\[(?:error|crit|alert|emerg)\]/,
  ],
  ['warn', /\b(?:WARN|WARNING)\b|\blevel"?[=:]\s*"?warn(?:ing)?\b|\[warn(?:ing)?\]/],
  [
    'info',
    /\b(?:INFO|NOTICE|DEBUG|TRACE|VERBOSE)\b|\blevel"?[=:]\s*"?(?:info|debug|trace)\b|\[(?:info|notice|debug)\]/,
  ],
];

/** What a line says of itself; undefined when it says nothing. Looks at its beginning only: levels stand there. */
export function levelOf(text: string): LogLevel | undefined {
  const start = text.slice(0, 200);
  return patterns.find(([, pattern]) => pattern.test(start))?.[0];
}
