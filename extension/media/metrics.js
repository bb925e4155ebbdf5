/* Puts what the editor drew into the page, and tells which span was chosen. */
(() => {
  const vscode = acquireVsCodeApi();
  const body = document.getElementById('body');
  const note = document.getElementById('note');
  const span = document.getElementById('span');
  const kept = vscode.getState();
  if (kept?.span) span.value = kept.span;
  const ask = () => vscode.postMessage({ span: Number(span.value) });

  span.addEventListener('change', () => {
    vscode.setState({ span: span.value });
    ask();
  });
  window.addEventListener('message', ({ data }) => {
    note.textContent = data.note;
    document.body.classList.toggle('stale', data.note !== '');
    if (data.body === undefined) return;
    // Tables that somebody opened stay open, and the focus stays where it is.
    const open = new Set([...body.querySelectorAll('details[open]')].map((each) => each.dataset.id));
    const focused = document.activeElement?.closest('details')?.dataset.id;
    body.innerHTML = data.body;
    for (const each of body.querySelectorAll('details')) {
      if (open.has(each.dataset.id)) each.open = true;
      if (each.dataset.id === focused) each.querySelector('summary').focus();
    }
  });
  ask();
})();
