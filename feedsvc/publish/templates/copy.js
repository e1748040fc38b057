
// Beside each address, a button that copies it. Where no script runs, a click on an address selects it.
for (const address of document.querySelectorAll(".addresses code")) {
  const words = address.closest("[data-copy]").dataset;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.copy;
  button.setAttribute("aria-describedby", address.id);
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(address);
    // pages that do not come over HTTPS are given no clipboard, but may copy what is selected
    const copying = navigator.clipboard?.writeText(address.textContent).then(() => true, () => false);
    button.textContent = (await copying) || document.execCommand("copy") ? words.copied : words.selected;
    setTimeout(() => { button.textContent = words.copy; }, 2000);
  });
  address.after(" ", button);
}
