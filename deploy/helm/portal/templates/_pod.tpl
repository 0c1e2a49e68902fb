{{/* The pod of web or worker: (dict "root" $ "part" "web" "role" "Web" "values" .Values.web). */}}
{{- define "portal.pod" -}}
{{- $root := .root -}}
metadata:
  labels:
    {{- include "portal.selector" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .part }}
  annotations:
    # Changed settings make new pods.
    checksum/settings: {{ include "portal.settings" $root | sha256sum }}
    {{- with .values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "portal.serviceAccount" $root }}
  # Both reach the cluster: the worker runs workloads, and web reads their logs and files.
  automountServiceAccountToken: true
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
  securityContext:
    {{- include "portal.podSecurity" $root | nindent 4 }}
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- $part := .part }}
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "portal.selector" $root | nindent 10 }}
          app.kubernetes.io/component: {{ $part }}
    {{- end }}
  containers:
    - name: portal
      image: {{ include "portal.image" $root }}
      imagePullPolicy: {{ $root.Values.imagePullPolicy }}
      {{- include "portal.container" . | nindent 6 }}
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: 1Gi
    - name: keys
      {{- if $root.Values.keyFolder.existingClaim }}
      persistentVolumeClaim:
        claimName: {{ $root.Values.keyFolder.existingClaim }}
      {{- else }}
      emptyDir:
        sizeLimit: 16Mi
      {{- end }}
    {{- with $root.Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "portal.container" -}}
{{- $root := .root -}}
envFrom:
  - configMapRef:
      name: {{ include "portal.fullname" $root }}-settings
env:
  {{- include "portal.env" . | nindent 2 }}
ports:
  - name: http
    containerPort: 5080
  - name: apps
    containerPort: 5081
# Lives, though it may still wait for the database or its migrations.
startupProbe:
  httpGet: { path: /healthz, port: http }
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 60
readinessProbe:
  httpGet: { path: /readyz, port: http }
  periodSeconds: 5
  # The portal gives the database 5 seconds.
  timeoutSeconds: 6
  failureThreshold: 3
livenessProbe:
  httpGet: { path: /healthz, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
lifecycle:
  # Who sends requests here learns of the end a moment later.
  preStop:
    exec:
      command: [sleep, "5"]
resources:
  {{- toYaml .values.resources | nindent 2 }}
securityContext:
  {{- include "portal.containerSecurity" $root | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  - name: keys
    mountPath: /var/lib/portal/keys
  {{- with $root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "portal.env" -}}
{{- $values := .root.Values -}}
- name: Portal__Role
  value: {{ .role }}
# The one namespace that may reach workloads over the network.
- name: Kubernetes__Clusters__{{ $values.cluster.name }}__PortalNamespace
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{ include "portal.secretEnv" (dict "name" "ConnectionStrings__Portal" "key" $values.database.key "secret" (required "database.existingSecret: name the Secret with the connection string of the portal's role" $values.database.existingSecret)) }}
{{ include "portal.secretEnv" (dict "name" "Portal__MasterKey" "key" $values.masterKey.key "secret" (required "masterKey.existingSecret: name the Secret with 32 random bytes in base64" $values.masterKey.existingSecret)) }}
{{ include "portal.secretEnv" (dict "name" "Portal__AdminPassword" "key" $values.admin.key "secret" (required "admin.existingSecret: name the Secret with the first administrator's password" $values.admin.existingSecret)) }}
{{- if $values.oidc.authority }}
{{ include "portal.secretEnv" (dict "name" "SignIn__Oidc__ClientSecret" "key" $values.oidc.key "secret" (required "oidc.existingSecret: name the Secret with the client's secret" $values.oidc.existingSecret)) }}
{{- end }}
{{- if and $values.mail.host $values.mail.user }}
{{ include "portal.secretEnv" (dict "name" "Mail__Password" "key" $values.mail.key "secret" (required "mail.existingSecret: name the Secret with the password of mail.user" $values.mail.existingSecret)) }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
