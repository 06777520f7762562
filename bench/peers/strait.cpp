//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/transport.hpp"

#include <strait/bytes.hpp>
#include <strait/channel.hpp>
#include <strait/connect.hpp>
#include <strait/one_shot_server.hpp>
#include <strait/shared_memory.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

// strait itself: a channel there and one back, for vectors, for raw bytes that are received into
// memory of the caller or sent as loans and looked at where they lie, or for regions of shared memory.

namespace bench::peers {

namespace {

namespace asio = boost::asio;

template <class T>
struct both_ends {
    strait::receiver<T> in;
    strait::sender<T> out;
};

// A pool as by default, 16 MiB, but with room for several of the largest messages; or of 5 MiB, four
// blocks for 1 MiB each, which is about the memory that a message_queue and the floor have here.
enum class pool { by_default, small };

strait::limits bounds_for(std::size_t bytes, pool size) {
    strait::limits l;
    l.max_message_bytes = 2 * l.max_message_bytes;
    l.max_pool_bytes = std::max<std::uint64_t>(l.max_pool_bytes, 4 * bytes);
    if (size == pool::small) l.max_pool_bytes = 5u << 20;
    return l;
}

// Gives the server its ends through a channel that is connected by name.
template <class T>
both_ends<T> connect(const meeting& m, pool size) {
    const strait::channel_options options(bounds_for(m.bytes, size));
    auto [out, theirs_in] = strait::make_channel<T>(options);
    auto [theirs_out, in] = strait::make_channel<T>(options);
    auto to_server = strait::connect<both_ends<T>>(strait::endpoint::path(m.path()));
    to_server.send({std::move(theirs_in), std::move(theirs_out)});
    return {std::move(in), std::move(out)};
}

// How a message is sent and received over each type of channel.

void send_over(both_ends<any_bytes>& ends, const any_bytes& message) { ends.out.send(message); }
void send_over(both_ends<strait::shared_memory>& ends, const any_bytes& message) {
    ends.out.send(strait::shared_memory::copy_of(message));
}
void send_over(both_ends<strait::bytes>& ends, const any_bytes& message) {
    ends.out.send(std::as_bytes(std::span(message)));
}

any_bytes receive_over(both_ends<any_bytes>& ends, any_bytes&) { return ends.in.recv(); }
strait::shared_memory receive_over(both_ends<strait::shared_memory>& ends, any_bytes&) {
    return ends.in.recv();
}
const any_bytes& receive_over(both_ends<strait::bytes>& ends, any_bytes& buffer) {
    ends.in.recv_into(std::as_writable_bytes(std::span(buffer)));
    return buffer;
}

glimpse look(const any_bytes& message) { return look_at(message); }
glimpse look(const strait::shared_memory& message) {
    return look_at(message.bytes().data(), message.size_bytes());
}

template <class T, pool Size = pool::by_default>
class strait_client : public client {
public:
    explicit strait_client(meeting& m) : ends_(connect<T>(m, Size)), buffer_(m.bytes) {}

    void send(const any_bytes& message) override { send_over(ends_, message); }
    glimpse call(const any_bytes& message) override {
        send_over(ends_, message);
        return look(receive_over(ends_, buffer_));
    }

protected:
    both_ends<T> ends_;

private:
    any_bytes buffer_;
};

template <class T, pool Size = pool::by_default>
class strait_server : public server {
public:
    explicit strait_server(meeting& m)
        : name_(strait::endpoint::path(m.path()),
              strait::listener_options(bounds_for(m.bytes, Size))),
          buffer_(m.bytes) {}

    void meet() override { ends_ = std::move(name_.accept().second); }
    glimpse receive() override { return look(receive_over(ends_, buffer_)); }
    void answer() override {
        if constexpr (std::is_same_v<T, strait::bytes>)
            send_over(ends_, receive_over(ends_, buffer_));
        else
            ends_.out.send(ends_.in.recv());
    }

protected:
    both_ends<T> ends_;

private:
    strait::one_shot_server<both_ends<T>> name_;
    any_bytes buffer_;
};

// Each message in the same vector, which keeps its memory.
template <pool Size>
class one_vector_server : public strait_server<any_bytes, Size> {
public:
    explicit one_vector_server(meeting& m) : strait_server<any_bytes, Size>(m) {}

    glimpse receive() override {
        this->ends_.in.recv_some({&message_, 1});
        return look(message_);
    }

private:
    any_bytes message_;
};

// A context that waits for more when nothing is left to do.
struct working_context {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
};

// Holds the context before what uses it.
class callback_client : private working_context, public strait_client<any_bytes> {
public:
    explicit callback_client(meeting& m) : strait_client(m) { ends_.out.bind(context); }

    void send(const any_bytes& message) override {
        run_until_at_most(max_outstanding - 1);
        ++outstanding_;
        ends_.out.async_send(message, [this](strait::error_code ec) {
            if (ec) throw strait::system_error(ec, "async_send");
            --outstanding_;
        });
    }
    void flush() override { run_until_at_most(0); }

private:
    static constexpr int max_outstanding = 64;

    void run_until_at_most(int count) {
        while (outstanding_ > count) context.run_one();
    }

    int outstanding_ = 0;
};

class callback_server : private working_context, public strait_server<any_bytes> {
public:
    explicit callback_server(meeting& m) : strait_server(m) {}

    void meet() override {
        strait_server::meet();
        ends_.in.bind(context);
    }
    glimpse receive() override {
        glimpse seen;
        ends_.in.async_recv([&seen](strait::error_code ec, const any_bytes& message) {
            if (ec) throw strait::system_error(ec, "async_recv");
            seen = look_at(message);
        });
        while (seen.bytes == 0) context.run_one();
        return seen;
    }
};

// Many at once: small messages of a thread that has several to send.
constexpr std::size_t batch = 256;

class batch_client : public strait_client<any_bytes> {
public:
    explicit batch_client(meeting& m) : strait_client(m) {}

    void send(const any_bytes& message) override {
        if (batch_.empty()) batch_.assign(batch, message);
        if (++held_ == batch) flush();
    }
    void flush() override {
        const std::span<const any_bytes> some(batch_.data(), std::exchange(held_, 0));
        ends_.out.send_all(some);
    }

private:
    std::vector<any_bytes> batch_;
    std::size_t held_ = 0;
};

class batch_server : public strait_server<any_bytes> {
public:
    explicit batch_server(meeting& m) : strait_server(m) {}

    glimpse receive() override {
        if (next_ == taken_) {
            taken_ = ends_.in.recv_some(room_);
            next_ = 0;
        }
        return look(room_[next_++]);
    }

private:
    std::vector<any_bytes> room_ = std::vector<any_bytes>(batch);
    std::size_t taken_ = 0;
    std::size_t next_ = 0;
};

// With the content copied into it, or made in it: then there is nothing to do but its first and last
// byte.
template <bool IsMadeInPlace>
strait::loan<> make_loan(const strait::sender<strait::bytes>& of, std::span<const std::byte> content) {
    auto memory = of.allocate_for(content.size(), std::chrono::nanoseconds::max());
    if constexpr (IsMadeInPlace) {
        memory[0] = content.front();
        memory[content.size() - 1] = content.back();
    } else {
        std::memcpy(memory.data(), content.data(), content.size());
    }
    return memory;
}

template <bool IsMadeInPlace>
class loan_client : public strait_client<strait::bytes> {
public:
    explicit loan_client(meeting& m) : strait_client(m) {}

    void send(const any_bytes& message) override {
        ends_.out.send(make_loan<IsMadeInPlace>(ends_.out, std::as_bytes(std::span(message))));
    }
    glimpse call(const any_bytes& message) override {
        send(message);
        const auto view = ends_.in.recv_view();
        return look_at(view.data(), view.size());
    }
};

// Sends a loan back as well, whose content is what was received.
template <bool IsMadeInPlace>
class loan_server : public strait_server<strait::bytes> {
public:
    explicit loan_server(meeting& m) : strait_server(m) {}

    glimpse receive() override {
        const auto view = ends_.in.recv_view();
        return look_at(view.data(), view.size());
    }
    void answer() override {
        const auto view = ends_.in.recv_view();
        ends_.out.send(make_loan<IsMadeInPlace>(ends_.out, view.span()));
    }
};

}  // namespace

transport strait_batches() {
    return {
        .name = "strait, batches of 256",
        .round_trip = false,
        .max_bytes = 64u << 10,
        .make_client = make_client<batch_client>,
        .make_server = make_server<batch_server>};
}

transport strait_loans() {
    return {
        .name = "strait, loan",
        .make_client = make_client<loan_client<false>>,
        .make_server = make_server<loan_server<false>>};
}

transport strait_loans_in_place() {
    return {
        .name = "strait, loan made in place",
        .make_client = make_client<loan_client<true>>,
        .make_server = make_server<loan_server<true>>};
}

transport strait_blocking() {
    return {
        .name = "strait",
        .make_client = make_client<strait_client<any_bytes>>,
        .make_server = make_server<strait_server<any_bytes>>};
}

transport strait_into_one_vector() {
    return {
        .name = "strait, into one vector",
        .round_trip = false,
        .make_client = make_client<strait_client<any_bytes>>,
        .make_server = make_server<one_vector_server<pool::by_default>>};
}

transport strait_small_pool() {
    return {
        .name = "strait, into one vector, a pool of 5 MiB",
        .round_trip = false,
        .max_bytes = 1u << 20,
        .make_client = make_client<strait_client<any_bytes, pool::small>>,
        .make_server = make_server<one_vector_server<pool::small>>};
}

transport strait_callbacks() {
    return {
        .name = "strait, 64 callbacks",
        .round_trip = false,
        .make_client = make_client<callback_client>,
        .make_server = make_server<callback_server>};
}

transport strait_bytes() {
    return {
        .name = "strait, bytes into a buffer",
        .make_client = make_client<strait_client<strait::bytes>>,
        .make_server = make_server<strait_server<strait::bytes>>};
}

transport strait_shared_memory() {
    return {
        .name = "strait, shared_memory",
        .make_client = make_client<strait_client<strait::shared_memory>>,
        .make_server = make_server<strait_server<strait::shared_memory>>};
}

}  // namespace bench::peers
