// Sharing a message: by what the device has for that, else its address is copied.

/**
 * Answers what is to be said about it, as sentences; none where the device has said it.
 * @param base where the API is, which has the messages' pages as well; empty where that is the page's own origin
 */
export async function share(id, { base, document, navigator }) {
  const url = new URL(`/m/${id}`, base || document.baseURI).href;
  if (navigator.share) {
    try {
      await navigator.share({ title: document.title, url });
      return [];
    } catch (error) {
      // Somebody has thought better of it.
      if (error.name === 'AbortError') return [];
    }
  }
  return (await copy(url, { document, navigator })) ? [['share.copied']] : [['share.failed', { url }]];
}

/** Where the page does not come over https, there is no clipboard but by the command. */
async function copy(text, { document, navigator }) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    let isCopied = false;
    const take = (event) => {
      event.clipboardData.setData('text/plain', text);
      event.preventDefault();
      isCopied = true;
    };
    document.addEventListener('copy', take);
    document.execCommand('copy');
    document.removeEventListener('copy', take);
    return isCopied;
  }
}
