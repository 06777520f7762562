//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/inherited.hpp>

#include "posix/inherit.hpp"
#include "process/bootstrap.hpp"

#include <strait/codec.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace strait {

struct inherited::state {
    std::unique_ptr<detail::bootstrap_message> message;

    // Senders that share a link with some not taken yet, which are made from them.
    std::map<std::uint32_t, std::shared_ptr<detail::sender_core>> shared;

    detail::bootstrap_entry* find(end_selector which) noexcept {
        auto& entries = message->entries;
        if (!which.by_name())
            return which.position() < entries.size() ? &entries[which.position()] : nullptr;
        const auto at = std::find_if(entries.begin(), entries.end(),
            [&](const auto& e) { return !e.name.empty() && e.name == which.name(); });
        return at == entries.end() ? nullptr : &*at;
    }

    detail::bootstrap_entry& find(end_selector which, detail::given_kind kind) {
        detail::bootstrap_entry* e = find(which);
        if (e == nullptr || e->taken || e->kind != kind) throw system_error(error::no_such_end);
        return *e;
    }

    bool is_shared(const detail::bootstrap_entry& with) const noexcept {
        return std::any_of(message->entries.begin(), message->entries.end(), [&](const auto& e) {
            return &e != &with && !e.taken && e.kind == with.kind && e.index == with.index;
        });
    }

    std::shared_ptr<detail::sender_core> take_sender(
        detail::bootstrap_entry& e, const detail::type_identity& expected) {
        auto core = message->attachments->take_sender(e.index, expected);
        const auto kept = shared.find(e.index);
        if (is_shared(e)) {
            // The first one taken out of the message is the one that the others are made from.
            if (kept != shared.end()) return core;
            shared.emplace(e.index, core);
            return core->clone({});
        }
        if (kept != shared.end()) {
            kept->second->close();
            shared.erase(kept);
        }
        return core;
    }

    ~state() {
        for (const auto& [index, core] : shared) core->close();
    }
};

inherited::inherited() noexcept = default;
inherited::inherited(std::unique_ptr<state> s) noexcept : state_(std::move(s)) {}
inherited::inherited(inherited&& other) noexcept = default;
inherited& inherited::operator=(inherited&& other) noexcept = default;
inherited::~inherited() = default;

inherited inherited::take(error_code& ec, diagnostics& details) {
    handle socket = detail::os::take_inherited(ec);
    if (ec) return inherited();
    try {
        auto s = std::make_unique<state>();
        s->message = detail::receive_bootstrap(std::move(socket), details);
        return inherited(std::move(s));
    } catch (...) {
        ec = current_exception_code();
        return inherited();
    }
}

inherited inherited::take() {
    error_code ec;
    diagnostics details;
    inherited in = take(ec, details);
    if (!ec) return in;
    std::string what = "inherited::take";
    if (!details.found.empty()) what += ": " + details.found + " instead of " + details.expected;
    throw system_error(ec, what);
}

std::size_t inherited::size() const noexcept {
    return state_ ? state_->message->entries.size() : 0;
}

std::vector<std::string> inherited::names() const {
    std::vector<std::string> names;
    if (state_)
        for (const auto& e : state_->message->entries) names.push_back(e.name);
    return names;
}

bool inherited::contains(end_selector which) const noexcept {
    const auto* e = state_ ? state_->find(which) : nullptr;
    return e != nullptr && !e->taken;
}

// Runs `taking` on the entry; what it throws becomes a code.
template <class Result, class Function>
Result inherited::attempt(
    end_selector which, detail::given_kind kind, error_code& ec, Function taking) {
    try {
        if (!state_) throw system_error(error::no_such_end);
        detail::bootstrap_entry& e = state_->find(which, kind);
        Result result = taking(e);
        e.taken = true;
        ec = {};
        return result;
    } catch (...) {
        ec = current_exception_code();
        return Result();
    }
}

handle inherited::take_handle(end_selector which, error_code& ec) {
    return attempt<handle>(which, detail::given_kind::handle, ec,
        [&](auto& e) { return state_->message->attachments->take_handle(e.index); });
}

std::shared_ptr<detail::sender_core> inherited::take_sender(end_selector which,
    const detail::type_identity& expected, error_code& ec, diagnostics& details) {
    auto core = attempt<std::shared_ptr<detail::sender_core>>(which, detail::given_kind::sender, ec,
        [&](auto& e) { return state_->take_sender(e, expected); });
    if (ec == error::type_mismatch) details = state_->message->attachments->details();
    return core;
}

std::shared_ptr<detail::receiver_core> inherited::take_receiver(end_selector which,
    const detail::type_identity& expected, error_code& ec, diagnostics& details) {
    auto core = attempt<std::shared_ptr<detail::receiver_core>>(which,
        detail::given_kind::receiver, ec,
        [&](auto& e) { return state_->message->attachments->take_receiver(e.index, expected); });
    if (ec == error::type_mismatch) details = state_->message->attachments->details();
    return core;
}

void inherited::fail(end_selector which, const error_code& ec, const diagnostics& details) {
    std::string what = "inherited::take(";
    what += which.by_name() ? '"' + std::string(which.name()) + '"'
                            : std::to_string(which.position());
    what += ')';
    if (!details.found.empty()) what += ": " + details.found + " instead of " + details.expected;
    throw system_error(ec, what);
}

}  // namespace strait
