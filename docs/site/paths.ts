import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../../', import.meta.url));

/** Where the pages are put together, and what VitePress reads. */
export const pagesFolder: string = fileURLToPath(new URL('../.site/pages/', import.meta.url));

/** The built site. */
export const siteFolder: string = fileURLToPath(new URL('../dist/', import.meta.url));
