// Light or dark: as the system says, until the reader says otherwise. The choice lasts as long as the page.

export function theme(button, onChange) {
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen = null;
  const tell = () => {
    const isDark = chosen === null ? system.matches : chosen === 'dark';
    button.textContent = isDark ? 'Light' : 'Dark';
    button.setAttribute('aria-label', isDark ? 'Light colours' : 'Dark colours');
    onChange();
  };
  button.addEventListener('click', () => {
    const isDark = chosen === null ? system.matches : chosen === 'dark';
    chosen = isDark ? 'light' : 'dark';
    document.documentElement.dataset.theme = chosen;
    tell();
  });
  system.addEventListener('change', tell);
  tell();
}
