// Calls the route handler as Next does, with a Request; Next itself is not needed to see it work.
import { GET, POST } from './route.ts';

const url = 'http://localhost/api/ducks';
const first = await GET(new Request(url));
const etag = first.headers.get('etag')!;
const second = await GET(new Request(url, { headers: { 'if-none-match': etag } }));
console.log(`first: ${first.status} ${await first.text()}, again: ${second.status}`);

await POST(new Request(url, { method: 'POST', body: 'Bo' }));
const third = await GET(new Request(url, { headers: { 'if-none-match': etag } }));
console.log(`after a write: ${third.status} ${await third.text()}`);
