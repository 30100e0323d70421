/** True when the key belongs to a place where one types, or to an open dialog. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest('[role="dialog"]:not([data-shortcuts])')) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement)
    return !['button', 'checkbox', 'radio', 'range', 'color'].includes(target.type);
  return false;
}

/** True when the element under the keyboard uses arrows, Space or Home and End itself. */
export function usesArrows(event: KeyboardEvent): boolean {
  const target = event.target;
  return (
    target instanceof HTMLElement &&
    target.closest(
      'input, select, textarea, [role="tab"], [role="menu"], [role="menuitem"], [role="listbox"], [role="radio"]',
    ) !== null
  );
}
