/** The smallest useful manifest for a folder: its name made into an app's, a web page that serves at once. */
export function manifestFor(folderName: string): string {
  return `name: ${appNameFrom(folderName)}
image: docker.io/library/nginx:1.29
expose:
- proto: http
  port: 80
`;
}

/** A valid app name that resembles the text: 2 to 40 of a-z, 0-9 and -, from a letter to no hyphen. */
export function appNameFrom(text: string): string {
  const plain = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  const name = plain
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return name.length >= 2 ? name : 'myapp';
}
