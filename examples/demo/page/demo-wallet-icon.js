const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" rx="10" fill="#2f5d50"/>' +
  '<rect x="9" y="13" width="22" height="16" rx="3" fill="none" stroke="#fff" stroke-width="2.2"/>' +
  '<path d="M12 13l12-3.6a2 2 0 0 1 2.6 1.9V13" fill="none" stroke="#fff" stroke-width="2.2" stroke-linejoin="round"/>' +
  '<circle cx="26" cy="21" r="1.9" fill="#fff"/></svg>'

export const demoWalletIcon = `data:image/svg+xml,${encodeURIComponent(svg)}`
