/** A wallet's icon for an `<img>`, or nothing: only images may reach the page, as any other URL could load from elsewhere, or run. */
export function walletIcon(icon: unknown): string {
  return typeof icon === 'string' && icon.startsWith('data:image/') ? icon : ''
}
