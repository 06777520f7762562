//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_SUPPORT_CHECKING_TOKEN_HPP
#define STRAIT_TEST_SUPPORT_CHECKING_TOKEN_HPP

#include "support/counting_resource.hpp"
#include "support/tracking_executor.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace strait::test {

// A completion token that checks how the operation treats its handler. With ends that have the
// executor `tracked`,
//
//     auto sent = tx.async_send(1, checked(tracked.id()));   // completes on the end's executor
//     auto other = tx.async_send(2, checked_on(second));     // ... on the handler's own
//     run();
//     BOOST_TEST(!sent.code());
//
// The handler must be called once, outside the initiating function, on the executor of that id,
// with nothing left allocated from its associated allocator. What is wrong is a failure of the test
// case, at the latest when the result is destroyed. Handlers may run on other threads.
class checking_token {
public:
    explicit checking_token(int executor_id) : executor_id_(executor_id) {}
    int executor_id() const noexcept { return executor_id_; }

private:
    int executor_id_;
};

// The handler is expected on the executor that the I/O object has.
inline checking_token checked(int executor_id) { return checking_token(executor_id); }

// The handler is associated with `executor` and expected there.
inline auto checked_on(const tracking_executor& executor) {
    return boost::asio::bind_executor(executor, checked(executor.id()));
}

// What all checked operations share, whatever their result.
class checked_operation {
public:
    explicit checked_operation(int executor_id) : executor_id_(executor_id) {}

    const std::shared_ptr<counting_resource>& resource() const noexcept { return resource_; }

    // Runs the initiation, and knows meanwhile that this thread is in it.
    template <class Initiate>
    void initiate(Initiate&& start) {
        const initiating here(this);
        std::forward<Initiate>(start)();
    }

    // To be called first thing in the handler.
    void enter_handler();

    int calls() const;

    // What was wrong so far, and forgets it.
    std::vector<std::string> take_faults();

private:
    // The operations whose initiating functions this thread is in; the list lies on the stack.
    class initiating {
    public:
        explicit initiating(const checked_operation* operation) noexcept;
        ~initiating();
        initiating(const initiating&) = delete;
        initiating& operator=(const initiating&) = delete;
        static bool contains(const checked_operation* operation) noexcept;

    private:
        const checked_operation* operation_;
        const initiating* outer_;
    };

    std::shared_ptr<counting_resource> resource_ = std::make_shared<counting_resource>();
    const int executor_id_;
    mutable std::mutex mutex_;
    int calls_ = 0;
    std::vector<std::string> faults_;
};

// Reports faults as failures of the current test case.
void report(const std::vector<std::string>& faults);

template <class... Args>
struct checked_state : checked_operation {
    using checked_operation::checked_operation;
    std::optional<std::tuple<Args...>> arguments;
};

// What the initiating function returns. Move-only.
template <class... Args>
class [[nodiscard]] checked_result {
public:
    explicit checked_result(std::shared_ptr<checked_state<Args...>> state)
        : state_(std::move(state)) {}
    checked_result(checked_result&&) noexcept = default;
    checked_result& operator=(checked_result&&) = delete;

    ~checked_result() {
        if (!state_) return;
        std::vector<std::string> faults = state_->take_faults();
        if (!completed() && !may_be_dropped_) faults.push_back("the handler was never called");
        report(faults);
    }

    // Once it is true, code() and value() may be called, on any thread that knows.
    bool completed() const { return state_->calls() != 0; }

    // For a handler that is to be destroyed uncalled.
    void allow_drop() noexcept { may_be_dropped_ = true; }

    // The first argument of the handler. The operation has completed.
    const auto& code() const { return std::get<0>(state_->arguments.value()); }

    // The second.
    auto& value() { return std::get<1>(state_->arguments.value()); }

    // What was wrong so far, which then is no failure any more: for tests of the checks themselves.
    std::vector<std::string> take_faults() { return state_->take_faults(); }

    // What the handler's associated allocator takes from.
    const counting_resource& memory() const noexcept { return *state_->resource(); }

private:
    std::shared_ptr<checked_state<Args...>> state_;
    bool may_be_dropped_ = false;
};

// Move-only, as a user's handler may be.
template <class... Args>
class checking_handler {
public:
    using allocator_type = counting_allocator<std::byte>;

    explicit checking_handler(std::shared_ptr<checked_state<Args...>> state)
        : state_(std::move(state)) {}
    checking_handler(checking_handler&&) noexcept = default;
    checking_handler& operator=(checking_handler&&) noexcept = default;

    allocator_type get_allocator() const noexcept { return allocator_type(state_->resource()); }

    template <class... Given>
    void operator()(Given&&... given) {
        // Also when a wrapper keeps this handler alive after the call.
        const std::shared_ptr<checked_state<Args...>> state = state_;
        if (state->calls() == 0) state->arguments.emplace(std::forward<Given>(given)...);
        state->enter_handler();
    }

private:
    std::shared_ptr<checked_state<Args...>> state_;
};

}  // namespace strait::test

template <class... Args>
class boost::asio::async_result<strait::test::checking_token, void(Args...)> {
public:
    using return_type = strait::test::checked_result<std::decay_t<Args>...>;

    template <class Initiation, class... InitArgs>
    static return_type initiate(
        Initiation&& initiation, strait::test::checking_token token, InitArgs&&... args) {
        auto state = std::make_shared<strait::test::checked_state<std::decay_t<Args>...>>(
            token.executor_id());
        state->initiate([&] {
            std::forward<Initiation>(initiation)(
                strait::test::checking_handler<std::decay_t<Args>...>(state),
                std::forward<InitArgs>(args)...);
        });
        return return_type(std::move(state));
    }
};

#endif
