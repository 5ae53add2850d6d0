const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" rx="10" fill="#3d4f7c"/>' +
  '<circle cx="16" cy="15" r="5" fill="none" stroke="#fff" stroke-width="2.2"/>' +
  '<path d="M7 30c1-5.4 4.6-8 9-8 2.4 0 4.4.7 6 2" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round"/>' +
  '<circle cx="28" cy="20" r="3.6" fill="none" stroke="#fff" stroke-width="2.2"/>' +
  '<path d="M28 23.6V32l2.4-2M28 28.500l2-1.500" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg>'

export const passkeyIcon = `data:image/svg+xml,${encodeURIComponent(svg)}`
