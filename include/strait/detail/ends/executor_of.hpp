//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ENDS_EXECUTOR_OF_HPP
#define STRAIT_DETAIL_ENDS_EXECUTOR_OF_HPP

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>

#include <concepts>
#include <type_traits>

namespace strait::detail {

template <class Where>
concept executor_or_context =
    std::convertible_to<Where, boost::asio::any_io_executor> ||
    std::derived_from<std::remove_cvref_t<Where>, boost::asio::execution_context>;

template <executor_or_context Where>
boost::asio::any_io_executor executor_of(Where&& where) {
    if constexpr (std::convertible_to<Where, boost::asio::any_io_executor>)
        return where;
    else
        return where.get_executor();
}

}  // namespace strait::detail

#endif
