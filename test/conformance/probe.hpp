//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_CONFORMANCE_PROBE_HPP
#define STRAIT_TEST_CONFORMANCE_PROBE_HPP

#include "support/checking_token.hpp"

#include <strait.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace strait::test {

namespace asio = boost::asio;

// What the conformance tests send.
struct note {
    std::uint64_t number = 0;
    std::string text;
};

// What a handler was given, beside what checked_operation finds wrong.
struct probe_state : checked_operation {
    using checked_operation::checked_operation;

    std::optional<asio::any_io_executor> own_executor;
    asio::cancellation_slot slot;
    std::function<void()> then;  // the rest of the handler
    std::optional<error_code> code;
    std::optional<note> value;
    receiver<note> accepted;
    sender<note> connected;
};

// The one type of handler that all operations of the table are started with: whether it has an
// executor of its own is known at run time. Move-only.
class probe_handler {
public:
    using allocator_type = counting_allocator<std::byte>;
    using cancellation_slot_type = asio::cancellation_slot;

    probe_handler(std::shared_ptr<probe_state> state, std::shared_ptr<void> life)
        : state_(std::move(state)), life_(std::move(life)) {}
    probe_handler(probe_handler&&) noexcept = default;
    probe_handler& operator=(probe_handler&&) = delete;

    allocator_type get_allocator() const noexcept { return allocator_type(state_->resource()); }
    asio::cancellation_slot get_cancellation_slot() const noexcept { return state_->slot; }
    const auto& own_executor() const noexcept { return state_->own_executor; }

    void operator()(error_code ec) { finish(ec); }
    void operator()(error_code ec, std::size_t) { finish(ec); }
    void operator()(error_code ec, shared_span<std::byte>) { finish(ec); }
    void operator()(error_code ec, std::vector<set_event>) { finish(ec); }
    void operator()(error_code ec, note value) {
        state_->value.emplace(std::move(value));
        finish(ec);
    }
    void operator()(error_code ec, std::optional<note> back) {
        state_->value = std::move(back);
        finish(ec);
    }
    void operator()(error_code ec, receiver<note> channel, strait::peer) {
        state_->accepted = std::move(channel);
        finish(ec);
    }
    void operator()(error_code ec, receiver<note> channel, note first) {
        state_->accepted = std::move(channel);
        state_->value.emplace(std::move(first));
        finish(ec);
    }
    void operator()(error_code ec, sender<note> channel) {
        state_->connected = std::move(channel);
        finish(ec);
    }

private:
    void finish(error_code ec) {
        const auto state = state_;
        state->code = ec;
        state->enter_handler();
        if (state->then) std::exchange(state->then, nullptr)();
    }

    std::shared_ptr<probe_state> state_;
    std::shared_ptr<void> life_;  // seen to end when the handler is destroyed
};

// A handler to be given to one operation, and what became of it. Without an executor of its own it
// is expected on that of the end, whose id is 1.
class probe {
public:
    probe() : state_(std::make_shared<probe_state>(1)) {}
    probe(const asio::any_io_executor& own, int id) : state_(std::make_shared<probe_state>(id)) {
        state_->own_executor = own;
    }
    explicit probe(const tracking_executor& own) : probe(own, own.id()) {}
    probe(probe&&) noexcept = default;
    probe& operator=(probe&&) = delete;
    ~probe() {
        if (state_) report(state_->take_faults());
    }

    void cancel_by(asio::cancellation_signal& signal) { state_->slot = signal.slot(); }
    void then(std::function<void()> what) { state_->then = std::move(what); }

    // Calls `initiate` with the handler.
    template <class Initiate>
    void start(Initiate&& initiate) {
        auto life = std::make_shared<int>();
        life_ = life;
        state_->initiate([&] { initiate(probe_handler(state_, std::move(life))); });
    }

    int calls() const { return state_->calls(); }
    bool completed() const { return calls() != 0; }
    error_code code() const { return state_->code.value(); }
    const std::optional<note>& value() const { return state_->value; }
    receiver<note>& accepted() { return state_->accepted; }
    sender<note>& connected() { return state_->connected; }

    // Whether the handler is gone, called or not, with all memory of its operation.
    bool is_gone() const { return life_.expired() && state_->resource()->live_bytes() == 0; }

    // How often the operation took memory from the handler's allocator.
    std::size_t allocations() const { return state_->resource()->allocations(); }

private:
    std::shared_ptr<probe_state> state_;
    std::weak_ptr<void> life_;
};

}  // namespace strait::test

template <class Executor>
struct boost::asio::associated_executor<strait::test::probe_handler, Executor> {
    using type = boost::asio::any_io_executor;

    static type get(
        const strait::test::probe_handler& handler, const Executor& otherwise = Executor()) {
        return handler.own_executor() ? *handler.own_executor() : type(otherwise);
    }
};

#endif
