// What the agent says of itself, in plain words. Each is `{ level, text }`; level is `good`, `warn` or `bad`.

import { count } from './format.js';

/** Everything about a node that a reader should know before they trust its figures. */
export function health(node) {
  return [source(node), docker(node.docker), account(node.agent), ...losses(node.source, node.agent ?? {})].filter(Boolean);
}

function source(node) {
  if (node.source === 'ebpf') {
    return { level: 'good', text: 'Figures of containers are counted in the kernel (eBPF).' };
  }
  const why = node.source_reason ? ` Why: ${node.source_reason}` : '';
  return { level: 'warn', text: `Figures of containers come from Docker’s stats, not from the kernel.${why}` };
}

function docker(state) {
  switch (state) {
    case 'connected':
      return { level: 'good', text: 'Docker answers.' };
    case 'away':
      return {
        level: 'bad',
        text: 'Docker does not answer: containers that start or end meanwhile are not seen, none can be created or deleted.',
      };
    case 'never_reached':
      return { level: 'bad', text: 'Docker has not answered since the agent started: no container is known.' };
    default:
      return null;
  }
}

function account(agent) {
  if (agent?.cpu_account !== 'clock') return null;
  return { level: 'good', text: 'CPU time is taken by the clock: interrupts and time that a hypervisor took are in it.' };
}

/** Of the kernel's counters nothing was lost where they do not count. */
function losses(source, agent) {
  const all = [];
  if (agent.ticks_missed > 0) {
    const were = agent.ticks_missed === 1 ? 'was' : 'were';
    const ticks = capital(count(agent.ticks_missed, 'tick'));
    all.push({ level: 'warn', text: `${ticks} ${were} missed: those figures are over longer intervals.` });
  }
  if (agent.lost_updates > 0) {
    const updates = capital(count(agent.lost_updates, 'update'));
    all.push({ level: 'warn', text: `${updates} could not be counted: Docker’s stats serve the containers that found no room.` });
  }
  if (agent.missed_switches > 0) {
    const switches = capital(count(agent.missed_switches, 'task switch', 'task switches'));
    all.push({ level: 'good', text: `${switches} not shown by the kernel: up to a slice of CPU time each.` });
  }
  if (all.length === 0 && agent.ticks_missed === 0 && !agent.lost_updates) {
    all.push({ level: 'good', text: source === 'ebpf' ? 'No tick was missed and no update lost.' : 'No tick was missed.' });
  }
  return all;
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Why no row is shown, of so many containers. */
export function nothing(containers, docker) {
  if (containers > 0) return 'No container fits the filter.';
  return docker === 'never_reached' ? 'Docker has not answered yet: no container is known.' : 'No container is running.';
}

/** The connection to the agent: `{ level, label, text }`; the label is a word or two for the head of the page. */
export function connection(state) {
  switch (state.kind) {
    case 'live':
      return { level: 'good', label: 'live', text: '' };
    case 'starting':
      return { level: 'warn', label: 'connecting', text: '' };
    case 'paused':
      return { level: 'warn', label: 'paused', text: 'Paused while this page is hidden.' };
    case 'token':
      return { level: 'bad', label: 'no token', text: 'The agent asks for a token.' };
    case 'not-ready':
      return { level: 'warn', label: 'not ready', text: `The agent gives no figures now: ${state.why}.` };
    case 'refused':
      return { level: 'bad', label: 'refused', text: `The agent refuses: ${state.why}.` };
    default:
      return { level: 'bad', label: 'not reached', text: 'The agent does not answer. It is tried again until it does.' };
  }
}

/** What a change of state is worth saying aloud; empty for nothing. */
export function announcement(before, now) {
  if (before.kind === now.kind) return '';
  if (now.kind === 'live') {
    if (before.kind === 'away' || before.kind === 'not-ready') return 'The agent answers again: figures are live.';
    return before.kind === 'paused' ? '' : 'Figures are live.';
  }
  return now.kind === 'paused' ? '' : connection(now).text;
}
