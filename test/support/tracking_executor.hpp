//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_SUPPORT_TRACKING_EXECUTOR_HPP
#define STRAIT_TEST_SUPPORT_TRACKING_EXECUTOR_HPP

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <utility>

namespace strait::test {

// Runs functions on another executor, and meanwhile its id is on top of a stack of the thread: so
// that a handler can tell on which executor it was called, also when that runs it inline.
class tracking_executor {
public:
    // `id` is not 0, which stands for no tracking executor.
    tracking_executor(boost::asio::any_io_executor inner, int id) noexcept
        : inner_(std::move(inner)), id_(id) {}

    int id() const noexcept { return id_; }

    // The id of the innermost executor that is running a function on this thread; 0 if none.
    static int current() noexcept;

    template <class Function>
    void execute(Function&& function) const {
        inner_.execute([id = id_, f = std::forward<Function>(function)]() mutable {
            const scope on_stack(id);
            std::move(f)();
        });
    }

    // clang-format 14 does not know requires clauses.
    // clang-format off
    template <class Property>
        requires boost::asio::can_query_v<const boost::asio::any_io_executor&, Property>
    decltype(auto) query(const Property& property) const {
        return boost::asio::query(inner_, property);
    }

    template <class Property>
        requires boost::asio::can_require_v<const boost::asio::any_io_executor&, Property>
    tracking_executor require(const Property& property) const {
        return {boost::asio::require(inner_, property), id_};
    }

    template <class Property>
        requires boost::asio::can_prefer_v<const boost::asio::any_io_executor&, Property>
    tracking_executor prefer(const Property& property) const {
        return {boost::asio::prefer(inner_, property), id_};
    }
    // clang-format on

    friend bool operator==(const tracking_executor& a, const tracking_executor& b) noexcept {
        return a.id_ == b.id_ && a.inner_ == b.inner_;
    }
    friend bool operator!=(const tracking_executor& a, const tracking_executor& b) noexcept {
        return !(a == b);
    }

private:
    class scope {
    public:
        explicit scope(int id) noexcept;
        ~scope();
        scope(const scope&) = delete;
        scope& operator=(const scope&) = delete;

    private:
        int outer_;
    };

    boost::asio::any_io_executor inner_;
    int id_;
};

}  // namespace strait::test

#endif
