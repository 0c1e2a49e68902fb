{{- define "portal.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains "portal" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-portal" (.Release.Name | trunc 43 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "portal.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "portal.fullname" .) -}}
{{- end -}}

{{/* What selects the portal's pods; it never changes while a release lives. */}}
{{- define "portal.selector" -}}
app.kubernetes.io/name: portal
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "portal.labels" -}}
{{ include "portal.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "portal.image" -}}
{{- required "image: name the image built with deploy/docker/Dockerfile, with its tag" .Values.image -}}
{{- end -}}

{{- define "portal.host" -}}
{{- $url := required "portal.url: say how browsers reach the portal, such as https://portal.example.org" .Values.portal.url -}}
{{- regexReplaceAll "^https?://([^:/]+).*$" $url "${1}" -}}
{{- end -}}

{{/* Workloads live on another site than the portal: a page of theirs must never count as one of its own. */}}
{{- define "portal.appsHost" -}}
{{- $url := required "portal.appsUrl: say how browsers reach a workload, such as https://{workload}.apps.example.net" .Values.portal.appsUrl -}}
{{- $domain := regexReplaceAll "^https?://\\{workload\\}\\.([^:/]+).*$" $url "${1}" -}}
{{- $portal := include "portal.host" . -}}
{{- if or (eq $domain $portal) (hasSuffix (printf ".%s" $portal) $domain) (hasSuffix (printf ".%s" $domain) $portal) -}}
{{- fail (printf "portal.appsUrl: %s and %s are one below the other; workloads need another site than the portal" $domain $portal) -}}
{{- end -}}
{{- printf "*.%s" $domain -}}
{{- end -}}

{{/* An environment variable from a Secret: (dict "name" NAME "secret" SECRET "key" KEY). */}}
{{- define "portal.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end -}}

{{/* What the Pod Security standard "restricted" asks of a pod; 1654 is the image's user. */}}
{{- define "portal.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1654
runAsGroup: 1654
fsGroup: 1654
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "portal.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
