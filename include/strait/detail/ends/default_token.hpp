//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ENDS_DEFAULT_TOKEN_HPP
#define STRAIT_DETAIL_ENDS_DEFAULT_TOKEN_HPP

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include <type_traits>

namespace strait::detail {

// The executor's own default completion token if it has one, else deferred, which a coroutine can
// await (Asio 1.26 has no default for any_io_executor).
template <class Executor>
struct default_token {
    using own = typename boost::asio::default_completion_token<Executor>::type;
    using type = std::conditional_t<std::is_void_v<own>, boost::asio::deferred_t, own>;
};

template <class Executor>
using default_token_t = typename default_token<Executor>::type;

}  // namespace strait::detail

#endif
