"use strict";
// Comfort only: the pages work without it.
(function () {
    const digits = (text, most) => text.replace(/\D/g, "").slice(0, most);
    const formats = {
        cardNumber(text) {
            const number = digits(text, 19);
            const amex = /^3[47]/.test(number);
            const parts = amex ? number.match(/^(\d{1,4})(\d{1,6})?(\d+)?/) : number.match(/\d{1,4}/g);
            return parts ? (amex ? parts.slice(1).filter(Boolean) : parts).join(" ") : "";
        },
        cardExpiry(text, deleting) {
            let number = digits(text, 4);
            if (/^[2-9]/.test(number)) {
                number = "0" + number.slice(0, 3);
            }
            return number.length > 2 || (number.length === 2 && !deleting)
                ? number.slice(0, 2) + " / " + number.slice(2)
                : number;
        },
        cardCvc: (text) => digits(text, 4),
    };
    for (const [name, format] of Object.entries(formats)) {
        const input = document.querySelector(`input[name=${name}]`);
        input?.addEventListener("input", (event) => {
            const atEnd = input.selectionStart === input.value.length;
            if (atEnd) {
                input.value = format(input.value, event.inputType?.startsWith("delete"));
            }
        });
    }
    for (const form of document.querySelectorAll("form")) {
        form.addEventListener("submit", (event) => {
            if (form.dataset.sent) {
                event.preventDefault();
                return;
            }
            form.dataset.sent = "1";
            const button = event.submitter;
            if (button?.dataset.busy) {
                button.dataset.label = button.textContent;
                button.textContent = button.dataset.busy;
                button.setAttribute("aria-busy", "true");
            }
        });
    }
    // Back to this page from the browser's cache: the form can be sent again.
    window.addEventListener("pageshow", () => {
        for (const form of document.querySelectorAll("form[data-sent]")) {
            delete form.dataset.sent;
            const button = form.querySelector("[aria-busy]");
            if (button) {
                button.textContent = button.dataset.label;
                button.removeAttribute("aria-busy");
            }
        }
    });
})();
