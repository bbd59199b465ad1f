// Stands for your database.
const table = ['Ada'];

export const latestRevision = async (): Promise<number> => table.length;

export async function listDucks(): Promise<string[]> {
  console.log('(the list was loaded)');
  return [...table];
}

export async function saveDuck(name: string): Promise<void> {
  table.push(name);
}
