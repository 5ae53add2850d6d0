// The class alone, for pages: in this folder, so that it resolves to the installation beside it.

export { DIDSession } from 'did-session'
