/** The guestbook as a page: no script, nothing from elsewhere, readable light and dark. */

export interface Entry {
  name: string;
  message: string;
  /** Milliseconds since the epoch. */
  at: number;
}

export interface View {
  release: string;
  visits: number | undefined;
  /** Newest first. */
  entries: Entry[];
  /** Why the last entry was not taken. */
  problem?: string;
}

/** The whole document. Everything that a visitor wrote is escaped. */
export function page({ release, visits, entries, problem }: View): string {
  const visited =
    visits === undefined ? '' : `<li><b>${visits}</b> ${visits === 1 ? 'visit' : 'visits'}, kept on the volume</li>`;
  const written = `${entries.length} ${entries.length === 1 ? 'entry' : 'entries'}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Guestbook</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Guestbook</h1>
<p class="lead">Your first app on Minicloud. Leave a line; the database keeps it.</p>
<ul class="facts" aria-label="About this app">
<li>Release <b id="release">${escapeHtml(release)}</b></li>
<li><b>${written}</b> in the database</li>
${visited}
</ul>
</header>
<main>
<form method="post" action="/" aria-label="Write an entry">
${problem ? `<p class="problem" role="alert">${escapeHtml(problem)}</p>` : ''}
<label for="name">Your name</label>
<input id="name" name="name" maxlength="60" autocomplete="name" required>
<label for="message">Your message</label>
<textarea id="message" name="message" rows="3" maxlength="500" required></textarea>
<button type="submit">Sign the guestbook</button>
</form>
<section id="entries" aria-label="Entries">
${entries.length === 0 ? '<p class="empty">Nobody has written yet. Be the first.</p>' : `<ol>${entries.map(entryHtml).join('\n')}</ol>`}
</section>
</main>
<footer><p>Served by <b>Minicloud</b>. Change <code>cloud_manifest.yml</code>, plan, deploy, and watch the release number rise.</p></footer>
</body>
</html>
`;
}

function entryHtml({ name, message, at }: Entry): string {
  const when = new Date(at);
  const text = when.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  return `<li><article>
<header><h2 dir="auto">${escapeHtml(name)}</h2><time datetime="${when.toISOString()}">${text} UTC</time></header>
<p dir="auto">${escapeHtml(message)}</p>
</article></li>`;
}

/** Text as HTML shows it, whatever it holds. */
export function escapeHtml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => names[character] ?? character);
}

const style = `
:root { --paper: #f6f4ef; --card: #ffffff; --ink: #1f2430; --soft: #5b6272; --line: #dcd8ce; --accent: #2f5fd0; --on-accent: #ffffff; --alert: #a4262c }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171d; --card: #1c2129; --ink: #e8eaf0; --soft: #a3abba; --line: #323946; --accent: #8fb0ff; --on-accent: #10141c; --alert: #ff9a9a }
}
* { box-sizing: border-box }
body { margin: 0 auto; padding: clamp(1.5rem, 5vw, 4rem) 1.25rem; max-width: 42rem; background: var(--paper); color: var(--ink); font: 1rem/1.6 ui-sans-serif, system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
h1 { margin: 0; font: 600 clamp(2.2rem, 7vw, 3.2rem)/1.1 ui-serif, Georgia, "DejaVu Serif", serif; letter-spacing: -.02em }
.lead { margin: .6rem 0 1.2rem; color: var(--soft); font-size: 1.1rem }
.facts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0 0 2rem; padding: 0; list-style: none; font-size: .875rem; color: var(--soft) }
.facts li { padding: .2rem .75rem; border: 1px solid var(--line); border-radius: 99px; background: var(--card) }
.facts b { color: var(--ink) }
form, article { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem 1.4rem }
label { display: block; margin: 0 0 .25rem; font-weight: 600; font-size: .9rem }
input, textarea { width: 100%; margin: 0 0 1rem; padding: .6rem .75rem; border: 1px solid var(--soft); border-radius: 8px; background: var(--paper); color: inherit; font: inherit; resize: vertical }
button { padding: .65rem 1.2rem; border: 0; border-radius: 8px; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer }
button:hover { filter: brightness(1.08) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.problem { margin: 0 0 1rem; color: var(--alert); font-weight: 600 }
ol { display: grid; gap: 1rem; margin: 1.5rem 0 0; padding: 0; list-style: none }
article header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: .25rem 1rem }
h2 { margin: 0; font-size: 1rem; overflow-wrap: anywhere }
time { color: var(--soft); font-size: .85rem }
article p { margin: .4rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere }
.empty { margin: 2rem 0; text-align: center; color: var(--soft) }
footer { margin-top: 3rem; color: var(--soft); font-size: .9rem }
@media (prefers-reduced-motion: no-preference) { button { transition: filter .15s } }
`;
