/**
 * Runs in the page of the workbench, before anything else: keeps the words of every message that was ever shown, for
 * messages go away by themselves. One list for each message, with each of its texts in turn.
 */
const shown = [];
globalThis.minicloudToasts = shown;
const known = new Map();
const words = new Set();

function look() {
  for (const toast of document.querySelectorAll('.notifications-toasts .notification-toast')) {
    const text = toast.querySelector('.notification-list-item-message')?.textContent;
    if (!text) continue;
    let texts = known.get(toast);
    if (!texts) {
      texts = [];
      known.set(toast, texts);
      shown.push(texts);
    }
    words.add(text);
    if (texts.at(-1) !== text) texts.push(text);
  }
  // While the list of messages is open, new ones come into it and not onto the screen. What it had before is not new.
  for (const item of document.querySelectorAll('.notifications-center .notification-list-item-message')) {
    const text = item.textContent;
    if (!text || words.has(text)) continue;
    words.add(text);
    shown.push([text]);
  }
}

new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
