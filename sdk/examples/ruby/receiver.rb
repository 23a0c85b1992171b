# A podcast host in one file, to start from: it connects to Soundpost in people's names, hears of their finished productions, and publishes them.
#
#   ruby receiver.rb
#
# The README beside this folder says which settings it reads and what each step is for. In the order of this file: settings; what it remembers
# (files); what it asks of Soundpost; what it believes; what it publishes; and the pages that it answers.
require "base64"
require "digest"
require "erb"
require "fileutils"
require "json"
require "jwt"
require "net/http"
require "openssl"
require "securerandom"
require "timeout"
require "webrick"

$stdout.sync = true

# --- settings ---------------------------------------------------------------------------------------------------------

def present(*names)
  ENV.values_at(*names).compact.reject(&:empty?)
end

SOUNDPOST = ENV.fetch("SOUNDPOST").chomp("/")
CLIENT_ID = ENV.fetch("CLIENT_ID")
ENV.fetch("CLIENT_SECRET")
# While a secret is replaced there are two, and either is right.
CLIENT_SECRETS = present("CLIENT_SECRET", "CLIENT_SECRET_BEFORE")
# The characters of a client_secret are the key of a service's signatures; plain webhooks have one that begins with whsec_.
SERVICE_KEYS = CLIENT_SECRETS
PLAIN_KEYS = present("WEBHOOK_SECRET", "WEBHOOK_SECRET_BEFORE").map { |secret| Base64.strict_decode64(secret.delete_prefix("whsec_")) }
LISTEN = ENV.fetch("LISTEN", "127.0.0.1:9000")
PUBLIC_URL = ENV.fetch("PUBLIC_URL", "http://#{LISTEN}").chomp("/")
DATA_DIR = ENV.fetch("DATA_DIR", "receiver-data")
REFRESH_DAYS = Float(ENV.fetch("REFRESH_DAYS", "30"))

SCOPES = "production.read service.connect profile"
# The token of a service with the 64 KiB of custom_data that there may be, every character of it escaped, has less.
MOST_BODY = 1 << 20
MOST_AUDIO = 2 << 30
DAY = 86_400
# Seconds that the clocks of sender and receiver may differ, and an attempt be under way.
TOLERANCE = 300
# Soundpost waits a minute. Whoever is not done by then says so before it hangs up.
PATIENCE = 50
# Soundpost can send again what is a month old. What was answered is remembered for longer.
REMEMBERED = 60 * DAY
UUID = /\A[0-9A-Za-z]{22}\z/

def say(text)
  puts text
end

# Something is in the way. The sender is told so, and comes again.
class NotNow < StandardError; end

# Not from Soundpost, or not for us: a status and a reason.
class Refused < StandardError
  attr_reader :status

  def initialize(status, reason)
    super(reason)
    @status = status
  end
end

# --- what is remembered -----------------------------------------------------------------------------------------------

# Writes a file that is there whole or not at all, also after the power failed. Files with tokens are for this user alone.
def write(file, content = nil, mode: 0o644)
  part = "#{file}.#{SecureRandom.hex(4)}.part"
  File.open(part, "wbx", mode) do |disk|
    block_given? ? yield(disk) : disk.write(content)
    disk.fsync
  end
  File.rename(part, file)
ensure
  FileUtils.rm_f(part)
end

# Things by name, a file for each.
class Shelf
  def initialize(name)
    @folder = File.join(DATA_DIR, name)
    FileUtils.mkdir_p(@folder)
  end

  def get(name)
    JSON.parse(File.read(file(name)), symbolize_names: true)
  rescue Errno::ENOENT
    nil
  end

  def put(name, value)
    write(file(name), JSON.generate(value), mode: 0o600)
  end

  # What is whole, oldest first.
  def all
    Dir[File.join(@folder, "*.json")].map { |file| JSON.parse(File.read(file), symbolize_names: true) }.sort_by { |value| value[:at] }
  end

  def forget(before)
    Dir[File.join(@folder, "*")].each { |file| File.delete(file) if File.mtime(file) < before }
  end

  private

  # Names come from outside: as a digest they are no path.
  def file(name)
    File.join(@folder, "#{Digest::SHA256.hexdigest(name)}.json")
  end
end

CONNECTIONS, ANSWERS, EPISODES = %w[connections answers episodes].map { |name| Shelf.new(name) }
PUBLISHED = File.join(DATA_DIR, "published")
FileUtils.mkdir_p(PUBLISHED)

# --- what is asked of Soundpost ---------------------------------------------------------------------------------------

# Sends a request and yields the reply before its body is read, so that the body can be streamed.
def ask(request, uri = request.uri, &read)
  options = { use_ssl: uri.scheme == "https", open_timeout: 10, read_timeout: 30, write_timeout: 30 }
  Net::HTTP.start(uri.hostname, uri.port, options) { |http| http.request(request, &read) }
rescue Errno::ENOSPC, Errno::EDQUOT
  # That is not the line but the disk, on which what came is written.
  raise
rescue SystemCallError, SocketError, IOError, Timeout::Error, OpenSSL::SSL::SSLError => error
  raise NotNow, "Asking #{uri.host} did not work: #{error.class}"
end

# Trades a code or a refresh token.
def tokens(form)
  request = Net::HTTP::Post.new(URI("#{SOUNDPOST}/oauth2/token/"))
  request.basic_auth(CLIENT_ID, CLIENT_SECRETS.first)
  request.set_form_data(form)
  reply = ask(request)
  found = JSON.parse(reply.body)
  raise NotNow, "Soundpost gives no token: #{found["error"]}: #{found["error_description"]}" unless reply.is_a?(Net::HTTPOK)

  { access: found["access_token"], refresh: found["refresh_token"], expires: Time.now.to_f + found["expires_in"] }
end

# Somebody's account at Soundpost, by a connection.
class Account
  # A refresh token works once, and whoever sends it twice loses the connection. So only one at a time may send one.
  # With several processes this has to be a lock that they share.
  REFRESHING = Mutex.new

  def initialize(id)
    @id = id
  end

  # A token that works for a while yet, and that is not the one that was refused.
  def token(refused = nil)
    REFRESHING.synchronize do
      kept = CONNECTIONS.get(@id)
      soon = kept[:expires] - Time.now.to_f < REFRESH_DAYS * DAY
      next kept[:access] if !soon && kept[:access] != refused

      fresh = tokens(grant_type: "refresh_token", refresh_token: kept[:refresh])
      CONNECTIONS.put(@id, kept.merge(fresh))
      say "refreshed #{kept[:username]}"
      fresh[:access]
    end
  end

  # Asks for something, with a fresh token if need be, and yields the reply.
  def get(url, &read)
    # The token is Soundpost's: nobody else sees it, whatever a reply says.
    raise NotNow, "#{url} is not at Soundpost" unless url.start_with?("#{SOUNDPOST}/")

    token = self.token
    try(url, token, &read) or try(url, self.token(token), &read) or raise NotNow, "Soundpost answers 401 for #{url}"
  end

  private

  # Nothing where the token is refused.
  def try(url, token, &read)
    request = Net::HTTP::Get.new(URI(url), { "Authorization" => "Bearer #{token}" })
    elsewhere = nil
    ask(request) do |reply|
      case reply
      when Net::HTTPUnauthorized then return nil
      # To a store that has the file. It takes an address that was signed, and the token stays here.
      when Net::HTTPFound, Net::HTTPTemporaryRedirect then elsewhere = URI.join(url, reply["location"])
      else receive(reply, url, &read)
      end
    end
    ask(Net::HTTP::Get.new(elsewhere)) { |reply| receive(reply, elsewhere.host, &read) } if elsewhere
    true
  end

  def receive(reply, where)
    raise NotNow, "Soundpost answers #{reply.code} for #{where}" unless reply.is_a?(Net::HTTPOK)

    yield reply
  end
end

# Makes of a code a connection, and of the connection a service at Soundpost. The same show again is the same connection.
def connect(code, verifier, show)
  fresh = tokens(grant_type: "authorization_code", code: code, redirect_uri: "#{PUBLIC_URL}/back", code_verifier: verifier)
  authorization = { "Authorization" => "Bearer #{fresh[:access]}" }
  reply = ask(Net::HTTP::Get.new(URI("#{SOUNDPOST}/api/user.json"), authorization))
  raise NotNow, "Soundpost answers #{reply.code} when it is asked who this is" unless reply.is_a?(Net::HTTPOK)

  account, username = JSON.parse(reply.body)["data"].values_at("user_id", "username")
  id = Digest::SHA256.hexdigest(JSON.generate([account, show]))[0, 22]
  CONNECTIONS.put(id, { account: account, username: username, show: show, at: Time.now.to_f, **fresh })
  # custom_data comes back inside the signed token, so it can be believed; a part of the address could not.
  request = Net::HTTP::Post.new(URI("#{SOUNDPOST}/api/service/connect.json"), { "Content-Type" => "application/json", **authorization })
  request.body = JSON.generate(display_name: show, webhook_url: "#{PUBLIC_URL}/hooks/service", custom_data: id)
  reply = ask(request)
  found = JSON.parse(reply.body)
  raise NotNow, "Soundpost does not connect: #{found["error_message"]} #{found["form_errors"]}" unless reply.is_a?(Net::HTTPOK)

  say "connected #{username}: #{show}"
  found["data"]["display_name"]
end

# --- what is believed -------------------------------------------------------------------------------------------------

# Standard Webhooks over the bytes that came: somebody who has the secret sent them, and within the last five minutes. The webhook-id.
def check_headers(request, body, keys)
  id, timestamp, signatures = %w[webhook-id webhook-timestamp webhook-signature].map { |name| request[name].to_s }
  in_time = timestamp.match?(/\A[0-9]{1,12}\z/) && (Time.now.to_i - timestamp.to_i).abs <= TOLERANCE
  expected = keys.map { |key| OpenSSL::HMAC.digest("SHA256", key, "#{id}.#{timestamp}.#{body}") }
  found = signatures.split.filter_map { |signature| signature.delete_prefix("v1,").unpack1("m") if signature.start_with?("v1,") }
  # In constant time, so that nobody can feel their way to the right one.
  is_right = expected.any? { |one| found.any? { |other| other.bytesize == 32 && OpenSSL.fixed_length_secure_compare(one, other) } }
  return id if !id.empty? && in_time && is_right

  raise Refused.new(401, "The headers webhook-id, webhook-timestamp and webhook-signature do not fit the body, or are too old.")
end

# What a JSON Web Token claims, if it is signed by HS256 and nothing else, with the app's secret.
def check_token(body)
  CLIENT_SECRETS.each do |secret|
    # The algorithm is ours to say. Asking the token for it would let it say "none".
    return JWT.decode(body, secret, true, algorithm: "HS256").first
  rescue JWT::DecodeError
    next
  end
  raise Refused.new(401, "The token is not signed with the secret of this app.")
end

# --- what is published ------------------------------------------------------------------------------------------------

def escaped(text)
  ERB::Util.html_escape(text)
end

def page(title, body)
  %(<!doctype html><html lang="en"><meta charset="utf-8"><title>#{escaped(title)}</title><body>#{body}</body></html>)
end

# Fetches a production and publishes it. Doing it twice is the same as doing it once: what it is called follows from the production.
def publish(production, connection)
  kept = CONNECTIONS.get(connection) or raise NotNow, "Nobody here has this connection. Connect the show again."
  account = Account.new(connection)
  details = nil
  account.get("#{SOUNDPOST}/api/production/#{production}.json") { |reply| details = JSON.parse(reply.read_body)["data"] }
  file = details["output_files"].find { |each| each["format"] == "mp3" && !each["split_on_chapters"] }
  raise NotNow, "The production has no MP3 at the moment. It may have been started again." unless file && file["download_url"]

  download(account, file, File.join(PUBLISHED, "#{production}.mp3"))
  title = details["metadata"]["title"]
  title = production if title.empty?
  write(File.join(PUBLISHED, "#{production}.html"), page(title, <<~HTML))
    <h1>#{escaped(title)}</h1>
    <p>#{escaped(kept[:show])}</p>
    <p>#{escaped(details["metadata"]["summary"])}</p>
    <audio controls src="#{production}.mp3"></audio>
  HTML
  before = EPISODES.get(production)
  EPISODES.put(production, { production: production, title: title, show: kept[:show], at: before ? before[:at] : Time.now.to_f })
  address = "#{PUBLIC_URL}/episodes/#{production}"
  say "published #{production}: #{address}"
  { status: 200, body: JSON.generate(result_page_url: address, result_file_url: "#{address}.mp3") }
end

# Streams a file to its place. It appears there whole or not at all.
def download(account, file, target)
  name, size = file.values_at("filename", "size")
  raise NotNow, "#{name} has #{size} bytes, and at most #{MOST_AUDIO} are taken." if size > MOST_AUDIO

  write(target) do |disk|
    digest = Digest::MD5.new
    written = 0
    account.get(file["download_url"]) do |reply|
      reply.read_body do |chunk|
        written += chunk.bytesize
        raise NotNow, "#{name} is longer than Soundpost says." if written > size

        digest.update(chunk)
        disk.write(chunk)
      end
    end
    raise NotNow, "#{name} did not arrive as it was sent." unless [written, digest.hexdigest] == [size, file["checksum"]]
  end
end

# Does what a delivery asks for once, however often it comes, and gives every copy the same answer.
module Once
  @running = {}
  @lock = Mutex.new

  def self.answer(webhook_id, &work)
    job = @lock.synchronize do
      if (known = ANSWERS.get(webhook_id))
        say "told again #{webhook_id}"
        return known
      end
      @running[webhook_id] ||= Thread.new { work(webhook_id, &work) }.tap { |thread| thread.report_on_exception = false }
    end
    # It goes on meanwhile; the next copy finds it done.
    job.join(PATIENCE) or raise NotNow, "This takes longer than a minute. Ask again soon."
    job.value
  end

  def self.work(webhook_id)
    answer = yield
    # After the work and not before: a crash in between does it again, which changes nothing; the other way round it would be lost.
    ANSWERS.put(webhook_id, answer)
    answer
  rescue SystemCallError => error
    raise NotNow, "It cannot be kept here: #{error.class}."
  ensure
    @lock.synchronize { @running.delete(webhook_id) }
  end
end

# --- pages ------------------------------------------------------------------------------------------------------------

# One door for everything, so that what is refused is refused in one place.
class Door < WEBrick::HTTPServlet::AbstractServlet
  def do_GET(request, response)
    guarded(request, response, { "/" => :index, "/back" => :back }, :episode)
  end

  def do_POST(request, response)
    routes = { "/connect" => :start, "/hooks/service" => :finished, "/hooks/plain" => :told }
    guarded(request, response, routes, :nothing)
  end

  private

  def guarded(request, response, routes, other)
    response["X-Content-Type-Options"] = "nosniff"
    # What people wrote into a title is text, and stays it.
    response["Content-Security-Policy"] = "default-src 'none'; media-src 'self'; frame-ancestors 'none'"
    response.content_type = "text/html; charset=utf-8"
    send(routes.fetch(request.path, other), request, response)
  rescue Refused => error
    say "refused #{request.path}: #{error.message}"
    # What is left of the body is not read.
    response.keep_alive = false
    text(response, error.status, error.message)
  rescue NotNow => error
    say "not now: #{error.message}"
    response["Retry-After"] = "30"
    # Soundpost shows the first words of an answer to whoever looks at the delivery.
    text(response, 503, error.message)
  rescue StandardError => error
    warn error.full_message(highlight: false)
    text(response, 500, "Something is wrong here.")
  end

  def text(response, status, words)
    response.status = status
    response.content_type = "text/plain; charset=utf-8"
    response.body = words
  end

  # The bytes that came, of the kind that is due; not more than are read.
  def read(request, kind)
    raise Refused.new(415, "This address takes #{kind}.") unless request.content_type.to_s.split(";").first.to_s.strip.downcase == kind
    length = request["content-length"].to_s
    raise Refused.new(411, "The request does not say how long it is.") if request["transfer-encoding"] || !length.match?(/\A[0-9]{1,12}\z/)
    raise Refused.new(413, "At most #{MOST_BODY} bytes are taken.") if length.to_i > MOST_BODY

    request.body.to_s
  end

  # From here on in the order in which somebody meets them.

  def index(_request, response)
    # A real host has its own sign-in in front of this page.
    rows = EPISODES.all.map { |each| %(<li><a href="/episodes/#{each[:production]}">#{escaped(each[:title])}</a>, #{escaped(each[:show])}) }
    response.body = page("A podcast host", <<~HTML)
      <h1>A podcast host</h1>
      <form method="post" action="/connect"><label>Name of the show <input name="show" required maxlength="100"></label>
      <button>Connect to Soundpost</button></form><ul>#{rows.join}</ul>
    HTML
  end

  def start(request, response)
    raise Refused.new(403, "This form is sent from #{PUBLIC_URL} and from nowhere else.") unless (request["origin"] || PUBLIC_URL) == PUBLIC_URL

    show = URI.decode_www_form(read(request, "application/x-www-form-urlencoded")).to_h["show"].to_s.strip
    raise Refused.new(400, "A show has a name of at most 100 characters.") unless show.valid_encoding? && (1..100).cover?(show.length)

    state, verifier = SecureRandom.urlsafe_base64(32), SecureRandom.urlsafe_base64(32)
    question = URI.encode_www_form(
      response_type: "code", client_id: CLIENT_ID, redirect_uri: "#{PUBLIC_URL}/back", scope: SCOPES, state: state,
      code_challenge: Base64.urlsafe_encode64(Digest::SHA256.digest(verifier), padding: false), code_challenge_method: "S256"
    )
    # What was begun in this browser can only be ended in this browser.
    started = [state, verifier, Base64.urlsafe_encode64(show, padding: false)].join(".")
    secure = PUBLIC_URL.start_with?("https:") ? "; Secure" : ""
    response["Set-Cookie"] = "connecting=#{started}; Path=/back; Max-Age=600; HttpOnly; SameSite=Lax#{secure}"
    response.status = 303
    response["Location"] = "#{SOUNDPOST}/oauth2/authorize/?#{question}"
  end

  def back(request, response)
    answer = request.query
    _, state, verifier, show = *request["cookie"].to_s.match(/(?:\A|; )connecting=([\w-]+)\.([\w-]+)\.([\w-]+)(?:;|\z)/)
    unless state && OpenSSL.secure_compare(state, answer["state"].to_s) && answer["iss"] == SOUNDPOST
      raise Refused.new(400, "This is the answer to a question that this browser did not ask. Begin again.")
    end
    raise Refused.new(403, "Soundpost says: #{answer["error_description"] || answer["error"]}") if answer["error"]

    name = connect(answer["code"].to_s, verifier, Base64.urlsafe_decode64(show).force_encoding("UTF-8"))
    response["Set-Cookie"] = "connecting=; Path=/back; Max-Age=0; HttpOnly"
    response.body = page("Connected", "<h1>Connected</h1><p>Soundpost calls it “#{escaped(name)}”. Choose it in a production or preset.</p>")
  end

  # A finished production.
  def finished(request, response)
    body = read(request, "application/jwt")
    webhook_id = check_headers(request, body, SERVICE_KEYS)
    production, connection = check_token(body).values_at("uuid", "custom_data")
    unless production.is_a?(String) && production.match?(UUID) && connection.is_a?(String)
      raise Refused.new(400, "The token names no production, or no connection.")
    end

    answer = Once.answer(webhook_id) { publish(production, connection) }
    response.status, response.body = answer.values_at(:status, :body)
    response.content_type = "application/json"
  end

  # What a production or preset tells the address in its `webhook`.
  def told(request, response)
    body = read(request, "application/x-www-form-urlencoded")
    webhook_id = check_headers(request, body, PLAIN_KEYS)
    form = URI.decode_www_form(body).to_h
    answer = Once.answer(webhook_id) do
      # Here goes what is to happen: 3 is done, 2 did not work.
      say "webhook #{form["uuid"]}: #{form["status"]} #{form["status_string"]}"
      { status: 204, body: "" }
    end
    response.status, response.body = answer.values_at(:status, :body)
  end

  def episode(request, response)
    # In real life a web server serves this folder, with ranges and caches.
    _, production, ending = *request.path.match(%r{\A/episodes/([0-9A-Za-z]{22})(\.mp3)?\z})
    file = File.join(PUBLISHED, "#{production}#{ending || ".html"}")
    return nothing(request, response) unless production && File.file?(file)

    response.content_type = "audio/mpeg" if ending
    response.content_length = File.size(file)
    # The server streams it and closes it.
    response.body = File.open(file, "rb")
  end

  def nothing(_request, response)
    text(response, 404, "There is nothing here.")
  end
end

ANSWERS.forget(Time.now - REMEMBERED)
# Left behind by a crash.
Dir[File.join(PUBLISHED, "*.part")].each { |part| File.delete(part) }
host, _, port = LISTEN.rpartition(":")
# No log of requests: addresses have codes in them that log files should not keep.
server = WEBrick::HTTPServer.new(
  BindAddress: host, Port: Integer(port), RequestTimeout: 30, AccessLog: [], Logger: WEBrick::Log.new($stderr, WEBrick::Log::WARN),
  StartCallback: -> { say "listening on #{PUBLIC_URL}" }
)
server.mount("/", Door)
%w[INT TERM].each { |signal| trap(signal) { server.shutdown } }
server.start
