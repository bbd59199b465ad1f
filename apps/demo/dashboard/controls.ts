import { byId, setText } from './dom.ts';
import { seconds } from './format.ts';
import type { ScenarioView, Snapshot } from './snapshot.ts';

const token = document.querySelector<HTMLMetaElement>('meta[name=corral-token]')?.content ?? '';

/** Asks the server for something; what it refuses is said in the page's status line. */
async function post(path: string, body: object): Promise<void> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-corral-token': token },
      body: JSON.stringify(body),
    });
    if (response.ok) return;
    const { message } = (await response.json()) as { message?: string };
    setText(byId('status'), message ?? `refused: ${response.status}`);
  } catch {
    setText(byId('status'), 'The server does not answer.');
  }
}

/** Run, Stop and the switches. `selected` says which scenario the page shows. */
export function createControls(selected: () => string): { draw(view: ScenarioView, snapshot: Snapshot): void } {
  const form = byId('controls', HTMLFormElement);
  const [run, stop] = [byId('run', HTMLButtonElement), byId('stop', HTMLButtonElement)];
  const switches = byId('switches');
  let shown = '';

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const chosen = { phases: fields.get('phases'), size: fields.get('size') };
    const knobs = { replicas: Number(fields.get('replicas')), users: Number(fields.get('users')) };
    void post('/control/run', { scenario: selected(), ...chosen, ...knobs });
  });
  stop.addEventListener('click', () => void post('/control/stop', {}));
  switches.addEventListener('click', (event) => {
    const button = (event.target as Element).closest('button');
    if (button !== null && button.ariaDisabled !== 'true') void post('/control/switch', { id: button.dataset['id'] });
  });

  return {
    draw: (view, { running, offered, progress }) => {
      run.disabled = running !== undefined;
      stop.disabled = running === undefined;
      const other = running !== undefined && running !== view.id ? `${running}: ` : '';
      setText(
        byId('progress'),
        running === undefined ? `about ${seconds(view.plan.loadMs)} of load` : `${other}${progress}`,
      );
      for (const knob of form.querySelectorAll<HTMLElement>('[data-knob]')) {
        knob.hidden = !view.knobs.includes(knob.dataset['knob']!);
      }
      byId('chaos').hidden = view.switches.length === 0;
      if (shown !== view.id) switches.replaceChildren(...view.switches.flatMap(switchButton));
      shown = view.id;
      for (const button of switches.querySelectorAll('button')) {
        // Not `disabled`: the focus of somebody who uses the keyboard would get lost at the end of a phase.
        button.ariaDisabled = String(running !== view.id || !offered.includes(button.dataset['id']!));
      }
    },
  };
}

function switchButton({ id, label, detail }: ScenarioView['switches'][number]): Element {
  const [part, button, text] = ['div', 'button', 'p'].map((name) => document.createElement(name)) as [
    HTMLElement,
    HTMLButtonElement,
    HTMLElement,
  ];
  button.type = 'button';
  button.dataset['id'] = id;
  button.textContent = label;
  text.className = 'quiet';
  text.textContent = detail;
  text.id = `switch-${id}`;
  button.setAttribute('aria-describedby', text.id);
  part.append(button, text);
  return part;
}
